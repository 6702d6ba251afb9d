// OpenAI's own SDK against the gateway at BASE_URL with API_KEY: what it makes of each answer.
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import { run } from "./steps.mjs";

const client = new OpenAI({ baseURL: process.env.BASE_URL, apiKey: process.env.API_KEY, maxRetries: 0 });
const hello = [{ role: "user", content: "Hello from the quay" }];
const Berth = z.object({ quay: z.enum(["north", "south"]), free: z.boolean() });

await run({
  create: (model) => client.chat.completions.create({ model, messages: hello }),

  async stream(model) {
    const stream = client.chat.completions.stream({ model, messages: hello, stream_options: { include_usage: true } });
    let deltas = "";
    stream.on("content.delta", ({ delta }) => (deltas += delta));
    return { final: await stream.finalChatCompletion(), deltas };
  },

  async parse(model) {
    const response_format = zodResponseFormat(Berth, "berth");
    const answer = await client.chat.completions.parse({ model, messages: hello, response_format });
    return answer.choices[0].message.parsed;
  },

  async tools(model) {
    const asked = [];
    const weather = {
      name: "get_weather",
      description: "Current weather of a city",
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false },
      parse: JSON.parse,
      function: ({ city }) => (asked.push(city), "11 degrees and rain"),
    };
    const messages = [{ role: "user", content: "What is the weather in Oslo?" }];
    const runner = client.chat.completions.runTools({
      model,
      messages,
      stream: true,
      tools: [{ type: "function", function: weather }],
    });
    return { said: await runner.finalContent(), asked };
  },

  async models(model) {
    const found = [];
    for await (const one of client.models.list()) found.push(one.id);
    return found.includes(model);
  },

  async error(model) {
    try {
      await client.chat.completions.create({ model, messages: hello });
    } catch (error) {
      return { name: error.constructor.name, status: error.status, message: error.message, code: error.code };
    }
  },

  async streamError(model) {
    let text = "";
    try {
      const stream = await client.chat.completions.create({ model, messages: hello, stream: true });
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    } catch (error) {
      return { name: error.constructor.name, status: error.status, message: error.message, text };
    }
    return { text };
  },
});
