// The Vercel AI SDK with OpenRouter's provider; it calls the tool itself and sends reasoning back.
import { createOpenRouter } from "@openrouter/ai-sdk-provider";
import { Output, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import { Berth, about, hello, key, run, told, url, weather } from "./steps.mjs";

const openrouter = createOpenRouter({ baseURL: url + "/api/v1", apiKey: key });
const asked = { model: openrouter.chat("openai/gpt-5.1"), prompt: hello, maxRetries: 0 };

await run({
  plain: async () => (await generateText(asked)).text,

  async stream() {
    const pieces = [];
    const onError = ({ error }) => {
      throw error;
    };
    for await (const piece of streamText({ ...asked, onError }).textStream) pieces.push(piece);
    return pieces;
  },

  async tools() {
    const cities = [];
    const get_weather = tool({
      description: about,
      inputSchema: z.object({ city: z.string() }),
      execute: ({ city }) => (cities.push(city), told),
    });
    const model = openrouter.chat("openai/gpt-5.1", { reasoning: { effort: "low" } });
    const answer = await generateText({ ...asked, model, prompt: weather, tools: { get_weather }, stopWhen: stepCountIs(3) });
    return { said: answer.text, asked: cities };
  },

  structured: async () => (await generateText({ ...asked, output: Output.object({ schema: Berth }) })).output,
});
