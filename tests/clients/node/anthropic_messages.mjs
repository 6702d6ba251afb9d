// Anthropic's SDK on Messages; its tool runner calls the tool and sends thinking back.
import Anthropic from "@anthropic-ai/sdk";
import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { z } from "zod";
import { Berth, about, hello, key, run, told, url, weather } from "./steps.mjs";

const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });
const model = "anthropic/claude-opus-4.5";
const asked = { model, messages: [{ role: "user", content: hello }], max_tokens: 2000 };
const said = ({ content }) => content.map(({ text }) => text ?? "").join("");

await run({
  plain: async () => said(await client.messages.create(asked)),

  async stream() {
    const pieces = [];
    const stream = client.messages.stream(asked);
    stream.on("text", (piece) => pieces.push(piece));
    if (said(await stream.finalMessage()) !== pieces.join("")) throw new Error("the whole is not its pieces");
    return pieces;
  },

  async tools() {
    const cities = [];
    const tool = betaZodTool({
      name: "get_weather",
      description: about,
      inputSchema: z.object({ city: z.string() }),
      run: ({ city }) => (cities.push(city), told),
    });
    const last = await client.beta.messages.toolRunner({
      model,
      messages: [{ role: "user", content: weather }],
      max_tokens: 9000,
      thinking: { type: "enabled", budget_tokens: 4000 },
      tools: [tool],
    });
    return { said: said(last), asked: cities };
  },

  async structured() {
    return (await client.messages.parse({ ...asked, output_config: { format: zodOutputFormat(Berth) } })).parsed_output;
  },
});
