import { languageScenarios } from './scenarios/language.ts';

languageScenarios('development');
