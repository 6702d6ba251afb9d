// OpenAI's own SDK on the paths for embeddings and legacy completions. It asks for base64 and decodes whatever comes.
import OpenAI from "openai";
import { run } from "./steps.mjs";

const client = new OpenAI({ baseURL: process.env.BASE_URL, apiKey: process.env.API_KEY, maxRetries: 0 });

await run({
  async embed(model) {
    const asked = { model, input: ["Hello from the quay", "ship"], dimensions: 64 };
    const unasked = await client.embeddings.create(asked);
    const floats = await client.embeddings.create({ ...asked, encoding_format: "float" });
    return { unasked: unasked.data, floats: floats.data, usage: unasked.usage };
  },

  complete: (model) => client.completions.create({ model, prompt: "Hello", seed: 1 }),

  async stream(model) {
    let text = "";
    for await (const chunk of await client.completions.create({ model, prompt: "Hello", seed: 1, stream: true })) {
      text += chunk.choices[0]?.text ?? "";
    }
    return { text };
  },
});
