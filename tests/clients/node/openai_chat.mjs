// OpenAI's SDK on Chat Completions.
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { Berth, about, hello, key, parameters, run, told, url, weather } from "./steps.mjs";

const client = new OpenAI({ baseURL: url + "/v1", apiKey: key, maxRetries: 0 });
const model = "openai/gpt-5.1";
const messages = [{ role: "user", content: hello }];

await run({
  plain: async () => (await client.chat.completions.create({ model, messages })).choices[0].message.content,

  async stream() {
    const pieces = [];
    const stream = client.chat.completions.stream({ model, messages });
    stream.on("content.delta", ({ delta }) => pieces.push(delta));
    await stream.finalChatCompletion();
    return pieces;
  },

  async tools() {
    const asked = [];
    const call = ({ city }) => (asked.push(city), told);
    const tool = { name: "get_weather", description: about, parameters, parse: JSON.parse, function: call };
    const question = [{ role: "user", content: weather }];
    const runner = client.chat.completions.runTools({
      model,
      messages: question,
      stream: true,
      reasoning_effort: "low",
      tools: [{ type: "function", function: tool }],
    });
    return { said: await runner.finalContent(), asked };
  },

  async structured() {
    const response_format = zodResponseFormat(Berth, "berth");
    return (await client.chat.completions.parse({ model, messages, response_format })).choices[0].message.parsed;
  },
});
