// Makes all generated sources: ONNX codec, kernels, language. Each step skips itself when its inputs did not change.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

for (const step of ['generate-codec.mjs', 'generate-kernels.mjs', 'generate-language.mjs']) {
  const path = join(import.meta.dirname, step);
  if (!existsSync(path)) continue;
  const { generate } = await import(pathToFileURL(path).href);
  await generate();
}
