// OpenRouter's own SDK, which validates every answer, against the gateway at BASE_URL with API_KEY.
import { OpenRouter } from "@openrouter/sdk";
import { run } from "./steps.mjs";

// The SDK would try for an hour; what the first answer says is what is looked at.
const retryConfig = { strategy: "none" };
const client = new OpenRouter({ serverURL: process.env.BASE_URL, apiKey: process.env.API_KEY, retryConfig });
const messages = [{ role: "user", content: "Hello from the quay" }];
const send = (chatRequest) => client.chat.send({ chatRequest: { messages, ...chatRequest } });

await run({
  send: (model) => send({ model, reasoning: { effort: "low" } }),

  async stream(model) {
    const chunks = [];
    for await (const chunk of await send({ model, stream: true })) chunks.push(chunk);
    return { text: chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), usage: chunks.at(-1).usage };
  },

  async models(model) {
    for await (const page of await client.models.list()) {
      const found = page.result.data.find(({ id }) => id === model);
      if (found) return found;
    }
  },

  get: async (model) => {
    const [author, slug] = model.split("/");
    return (await client.models.get({ author, slug })).data;
  },

  async endpoints(model) {
    const [author, slug] = model.split("/");
    return (await client.endpoints.list({ author, slug })).data;
  },

  async generation(model) {
    const answer = await send({ model });
    const { data } = await client.generations.getGeneration({ id: answer.id });
    return { answer, generation: data };
  },

  key: async () => (await client.apiKeys.getCurrentKeyMetadata()).data,

  async error(model) {
    try {
      await send({ model });
    } catch (error) {
      return { name: error.constructor.name, status: error.statusCode, message: error.message };
    }
  },
});
