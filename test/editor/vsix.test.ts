import { statSync } from 'node:fs';
import { packagedExtension } from '../packaged.ts';
import { type Edition, inEditor } from './driver/index.ts';
import { languageScenarios } from './scenarios/language.ts';
import { quantizesTheExample } from './scenarios/quantize.ts';

/** What a person installs: the package itself, in a VS Code that knows nothing of the project's folder. */
const packaged: Edition = {
  vsix: () => {
    const path = packagedExtension();
    console.log(`package: ${(statSync(path).size / 1024 / 1024).toFixed(2)} MiB`);
    return path;
  },
};

languageScenarios(packaged);
inEditor('the main job, packaged', packaged, quantizesTheExample);
