// OpenAI's SDK on Responses, sending its own items back.
import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { Berth, about, hello, key, parameters, run, told, url, weather } from "./steps.mjs";

const client = new OpenAI({ baseURL: url + "/v1", apiKey: key, maxRetries: 0 });
const model = "openai/gpt-5.1";

await run({
  plain: async () => (await client.responses.create({ model, input: hello })).output_text,

  async stream() {
    const pieces = [];
    const stream = client.responses.stream({ model, input: hello });
    stream.on("response.output_text.delta", ({ delta }) => pieces.push(delta));
    const { output_text } = await stream.finalResponse();
    if (output_text !== pieces.join("")) throw new Error(`the whole is ${output_text}`);
    return pieces;
  },

  async tools() {
    const asked = {
      model,
      tools: [{ type: "function", name: "get_weather", description: about, parameters, strict: true }],
      reasoning: { effort: "low", summary: "auto" },
      include: ["reasoning.encrypted_content"],
      store: false,
    };
    const input = [{ role: "user", content: weather }];
    const first = await client.responses.create({ ...asked, input });
    const call = first.output.find(({ type }) => type === "function_call");
    input.push(...first.output, { type: "function_call_output", call_id: call.call_id, output: told });
    const second = await client.responses.create({ ...asked, input });
    return { asked: [JSON.parse(call.arguments).city], said: second.output_text };
  },

  async structured() {
    const text = { format: zodTextFormat(Berth, "berth") };
    return (await client.responses.parse({ model, input: hello, text })).output_parsed;
  },
});
