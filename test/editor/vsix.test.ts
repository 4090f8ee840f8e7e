import { statSync } from 'node:fs';
import { packagedExtension } from '../packaged.ts';
import { languageScenarios } from './scenarios/language.ts';

/** What a person installs: the package itself, in a VS Code that knows nothing of the project's folder. */
languageScenarios({
  vsix: () => {
    const path = packagedExtension();
    console.log(`package: ${(statSync(path).size / 1024 / 1024).toFixed(2)} MiB`);
    return path;
  },
});
