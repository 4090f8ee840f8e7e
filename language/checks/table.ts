import { activationsMustHaveCalibration } from './activations-must-have-calibration.ts';
import { argumentMustFit } from './argument-must-fit.ts';
import { arithmeticMustBeKnown } from './arithmetic-must-be-known.ts';
import { backendMustBeKnown } from './backend-must-be-known.ts';
import { blockMustAppearOnce } from './block-must-appear-once.ts';
import { blockMustExist } from './block-must-exist.ts';
import { budgetMustAppearOnce } from './budget-must-appear-once.ts';
import { budgetMustBeKnown } from './budget-must-be-known.ts';
import { budgetShouldBeReachable } from './budget-should-be-reachable.ts';
import { calibrationShouldNotBeValidation } from './calibration-should-not-be-validation.ts';
import { callMustBeKnown } from './call-must-be-known.ts';
import type { Check } from './check.ts';
import { comparisonMustFitProperty } from './comparison-must-fit-property.ts';
import { conversionsShouldBeFew } from './conversions-should-be-few.ts';
import { dataKindMustBeKnown } from './data-kind-must-be-known.ts';
import { dataMustLieInside } from './data-must-lie-inside.ts';
import { dataOptionMustAppearOnce } from './data-option-must-appear-once.ts';
import { dataOptionMustBeKnown } from './data-option-must-be-known.ts';
import { dataOptionMustFitKind } from './data-option-must-fit-kind.ts';
import { dataShouldBeUsed } from './data-should-be-used.ts';
import { dataValueMustMakeSense } from './data-value-must-make-sense.ts';
import { definitionShouldBeUsed } from './definition-should-be-used.ts';
import { energyShouldHaveModel } from './energy-should-have-model.ts';
import { expectationMustBeKnown } from './expectation-must-be-known.ts';
import { expectationMustBeMeasurable } from './expectation-must-be-measurable.ts';
import { exportMustBeKnown } from './export-must-be-known.ts';
import { exportMustHoldActivations } from './export-must-hold-activations.ts';
import { exportMustNotOverwrite } from './export-must-not-overwrite.ts';
import { exportMustStayInFolder } from './export-must-stay-in-folder.ts';
import { exportOpsetMustHoldFormats } from './export-opset-must-hold-formats.ts';
import { fileMustExist } from './file-must-exist.ts';
import { formatArgumentMustFit } from './format-argument-must-fit.ts';
import { formatMustNotContainItself } from './format-must-not-contain-itself.ts';
import { formatMustRunOnTarget } from './format-must-run-on-target.ts';
import { formatWordMustBeKnown } from './format-word-must-be-known.ts';
import { formatWordsMustNotContradict } from './format-words-must-not-contradict.ts';
import { formatWordsShouldHaveEffect } from './format-words-should-have-effect.ts';
import { formatsMustGoTogetherOnTarget } from './formats-must-go-together-on-target.ts';
import { formatsShouldRunInExport } from './formats-should-run-in-export.ts';
import { headerMustComeFirst } from './header-must-come-first.ts';
import { imagesMustFitInput } from './images-must-fit-input.ts';
import { importedSpecMustBeSound } from './imported-spec-must-be-sound.ts';
import { importsMustNotCycle } from './imports-must-not-cycle.ts';
import { inheritanceMustNotCycle } from './inheritance-must-not-cycle.ts';
import { inheritedDataMustExist } from './inherited-data-must-exist.ts';
import { inputMustExist } from './input-must-exist.ts';
import { keptWordMustBeFloat } from './kept-word-must-be-float.ts';
import { layerMustExist } from './layer-must-exist.ts';
import { lockShouldNotBeMet } from './lock-should-not-be-met.ts';
import { measurementShouldBeThere } from './measurement-should-be-there.ts';
import { modelMustNotBeQuantizedTwice } from './model-must-not-be-quantized-twice.ts';
import { nameMustBeUnique } from './name-must-be-unique.ts';
import { nameMustNotHideWord } from './name-must-not-hide-word.ts';
import { numberMustBeInRange } from './number-must-be-in-range.ts';
import { operatorMustBeKnown } from './operator-must-be-known.ts';
import { passesMustBeKnown } from './passes-must-be-known.ts';
import { patternMustMakeSense } from './pattern-must-make-sense.ts';
import { patternShouldDivide } from './pattern-should-divide.ts';
import { propertyMustBeKnown } from './property-must-be-known.ts';
import { rankMustMakeSense } from './rank-must-make-sense.ts';
import { recipeMustBeKnown } from './recipe-must-be-known.ts';
import { regexMustBeReadable } from './regex-must-be-readable.ts';
import { roleMustBeKnown } from './role-must-be-known.ts';
import { roleMustTakeFormat } from './role-must-take-format.ts';
import { ruleCountMustHold } from './rule-count-must-hold.ts';
import { ruleMustMatch } from './rule-must-match.ts';
import { ruleShouldHaveEffect } from './rule-should-have-effect.ts';
import { ruleShouldQuantize } from './rule-should-quantize.ts';
import { ruleShouldSaySomething } from './rule-should-say-something.ts';
import { searchIsNotRun } from './search-is-not-run.ts';
import { searchMustBeComplete } from './search-must-be-complete.ts';
import { sharedRangeShouldBeStatedOnce } from './shared-range-should-be-stated-once.ts';
import { specMustNameOneModel } from './spec-must-name-one-model.ts';
import { sumsShouldFitAccumulator } from './sums-should-fit-accumulator.ts';
import { takeMustNotExceedData } from './take-must-not-exceed-data.ts';
import { targetMustBeKnown } from './target-must-be-known.ts';
import { tensorMustExist } from './tensor-must-exist.ts';
import { textMustBeWellFormed } from './text-must-be-well-formed.ts';
import { trainingDataMustExist } from './training-data-must-exist.ts';
import { trainingIsNotRun } from './training-is-not-run.ts';
import { trainingMustBeKnown } from './training-must-be-known.ts';
import { trainingValueMustFit } from './training-value-must-fit.ts';
import { unitMustFit } from './unit-must-fit.ts';
import { versionMustBeKnown } from './version-must-be-known.ts';
import { wordShouldBeOfThisLanguage } from './word-should-be-of-this-language.ts';

/** Every check of the language, in the order of docs/findings.md; a folder of resources goes with each. */
export const checks: readonly Check[] = [
  headerMustComeFirst,
  versionMustBeKnown,
  specMustNameOneModel,
  importsMustNotCycle,
  importedSpecMustBeSound,
  blockMustAppearOnce,
  nameMustBeUnique,
  nameMustNotHideWord,
  textMustBeWellFormed,
  wordShouldBeOfThisLanguage,
  unitMustFit,
  numberMustBeInRange,
  fileMustExist,
  targetMustBeKnown,
  formatMustRunOnTarget,
  formatsMustGoTogetherOnTarget,
  budgetMustBeKnown,
  budgetMustAppearOnce,
  budgetShouldBeReachable,
  energyShouldHaveModel,
  dataKindMustBeKnown,
  dataOptionMustBeKnown,
  dataOptionMustAppearOnce,
  dataOptionMustFitKind,
  dataValueMustMakeSense,
  inheritedDataMustExist,
  inheritanceMustNotCycle,
  inputMustExist,
  imagesMustFitInput,
  dataMustLieInside,
  takeMustNotExceedData,
  activationsMustHaveCalibration,
  calibrationShouldNotBeValidation,
  dataShouldBeUsed,
  formatWordMustBeKnown,
  formatArgumentMustFit,
  formatWordsMustNotContradict,
  formatWordsShouldHaveEffect,
  formatMustNotContainItself,
  definitionShouldBeUsed,
  roleMustTakeFormat,
  callMustBeKnown,
  argumentMustFit,
  recipeMustBeKnown,
  arithmeticMustBeKnown,
  backendMustBeKnown,
  modelMustNotBeQuantizedTwice,
  operatorMustBeKnown,
  roleMustBeKnown,
  regexMustBeReadable,
  propertyMustBeKnown,
  comparisonMustFitProperty,
  layerMustExist,
  blockMustExist,
  tensorMustExist,
  keptWordMustBeFloat,
  ruleShouldSaySomething,
  measurementShouldBeThere,
  ruleMustMatch,
  ruleCountMustHold,
  ruleShouldHaveEffect,
  ruleShouldQuantize,
  lockShouldNotBeMet,
  sharedRangeShouldBeStatedOnce,
  conversionsShouldBeFew,
  sumsShouldFitAccumulator,
  passesMustBeKnown,
  patternMustMakeSense,
  rankMustMakeSense,
  patternShouldDivide,
  trainingMustBeKnown,
  trainingValueMustFit,
  trainingDataMustExist,
  trainingIsNotRun,
  searchMustBeComplete,
  searchIsNotRun,
  exportMustBeKnown,
  exportOpsetMustHoldFormats,
  formatsShouldRunInExport,
  exportMustHoldActivations,
  exportMustStayInFolder,
  exportMustNotOverwrite,
  expectationMustBeKnown,
  expectationMustBeMeasurable,
];
