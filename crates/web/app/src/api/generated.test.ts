// Whether the committed client is what the committed description of the API says.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const app = resolve(import.meta.dirname, '../..');

it('the client is generated from the description as it is; `npm run generate` renews it', { timeout: 60_000 }, () => {
  // Beside the committed one, so that the imports in it are the same.
  const fresh = mkdtempSync(join(app, 'src/api/drift-'));
  try {
    execFileSync(join(app, 'node_modules/.bin/orval'), ['--config', 'orval.config.ts'], {
      cwd: app,
      env: { ...process.env, GENERATED: fresh },
      stdio: 'pipe',
    });
    for (const file of ['team6.ts', 'team6.schemas.ts'])
      expect(readFileSync(join(fresh, file), 'utf8'), file).toBe(readFileSync(join(app, 'src/api/generated', file), 'utf8'));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
});
