// The client is made from the committed description of the API; `npm run generate` writes it, and a test sees when it
// is not what the description says (src/api/generated.test.ts).
import { defineConfig } from 'orval';

export default defineConfig({
  team6: {
    input: '../../../docs/openapi.json',
    output: {
      target: `${process.env.GENERATED ?? 'src/api/generated'}/team6.ts`,
      client: 'fetch',
      mode: 'split',
      clean: true,
      override: {
        mutator: { path: 'src/api/request.ts', name: 'request' },
        fetch: { includeHttpResponseReturnType: false },
      },
    },
  },
});
