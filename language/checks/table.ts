import { activationsMustHaveCalibration } from './activations-must-have-calibration.ts';
import { argumentMustFit } from './argument-must-fit.ts';
import { arithmeticMustBeKnown } from './arithmetic-must-be-known.ts';
import { blockMustAppearOnce } from './block-must-appear-once.ts';
import { blockMustExist } from './block-must-exist.ts';
import { budgetMustAppearOnce } from './budget-must-appear-once.ts';
import { budgetMustBeKnown } from './budget-must-be-known.ts';
import { calibrationShouldNotBeValidation } from './calibration-should-not-be-validation.ts';
import { callMustBeKnown } from './call-must-be-known.ts';
import type { CheckRow } from './check.ts';
import { comparisonMustFitProperty } from './comparison-must-fit-property.ts';
import { dataKindMustBeKnown } from './data-kind-must-be-known.ts';
import { dataMustLieInside } from './data-must-lie-inside.ts';
import { dataOptionMustAppearOnce } from './data-option-must-appear-once.ts';
import { dataOptionMustBeKnown } from './data-option-must-be-known.ts';
import { dataOptionMustFitKind } from './data-option-must-fit-kind.ts';
import { dataValueMustMakeSense } from './data-value-must-make-sense.ts';
import { definitionShouldBeUsed } from './definition-should-be-used.ts';
import { expectationMustBeKnown } from './expectation-must-be-known.ts';
import { expectationMustBeMeasurable } from './expectation-must-be-measurable.ts';
import { exportMustBeKnown } from './export-must-be-known.ts';
import { exportMustNotOverwrite } from './export-must-not-overwrite.ts';
import { exportMustStayInFolder } from './export-must-stay-in-folder.ts';
import { exportOpsetMustHoldFormats } from './export-opset-must-hold-formats.ts';
import { fileMustExist } from './file-must-exist.ts';
import { formatMustNotContainItself } from './format-must-not-contain-itself.ts';
import { formatMustRunOnTarget } from './format-must-run-on-target.ts';
import { formatWordMustBeKnown } from './format-word-must-be-known.ts';
import { formatWordsMustNotContradict } from './format-words-must-not-contradict.ts';
import { headerMustComeFirst } from './header-must-come-first.ts';
import { importedSpecMustBeSound } from './imported-spec-must-be-sound.ts';
import { importsMustNotCycle } from './imports-must-not-cycle.ts';
import { inheritanceMustNotCycle } from './inheritance-must-not-cycle.ts';
import { inheritedDataMustExist } from './inherited-data-must-exist.ts';
import { inputMustExist } from './input-must-exist.ts';
import { keptWordMustBeFloat } from './kept-word-must-be-float.ts';
import { layerMustExist } from './layer-must-exist.ts';
import { lockShouldNotBeMet } from './lock-should-not-be-met.ts';
import { measurementShouldBeThere } from './measurement-should-be-there.ts';
import { nameMustBeUnique } from './name-must-be-unique.ts';
import { nameMustNotHideWord } from './name-must-not-hide-word.ts';
import { numberMustBeInRange } from './number-must-be-in-range.ts';
import { operatorMustBeKnown } from './operator-must-be-known.ts';
import { passesMustBeKnown } from './passes-must-be-known.ts';
import { patternMustMakeSense } from './pattern-must-make-sense.ts';
import { patternShouldDivide } from './pattern-should-divide.ts';
import { propertyMustBeKnown } from './property-must-be-known.ts';
import { regexMustBeReadable } from './regex-must-be-readable.ts';
import { roleMustBeKnown } from './role-must-be-known.ts';
import { roleMustTakeFormat } from './role-must-take-format.ts';
import { ruleCountMustHold } from './rule-count-must-hold.ts';
import { ruleMustMatch } from './rule-must-match.ts';
import { ruleShouldHaveEffect } from './rule-should-have-effect.ts';
import { ruleShouldSaySomething } from './rule-should-say-something.ts';
import { searchIsNotRun } from './search-is-not-run.ts';
import { searchMustBeComplete } from './search-must-be-complete.ts';
import { specMustNameOneModel } from './spec-must-name-one-model.ts';
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

/** Every check of the language; a paragraph in docs/language.md and a folder of resources go with each. */
export const checks: readonly CheckRow[] = [
  { code: 'spec/header', severity: 'error', check: headerMustComeFirst },
  { code: 'spec/version', severity: 'error', check: versionMustBeKnown },
  { code: 'spec/model', severity: 'error', check: specMustNameOneModel },
  { code: 'import/cycle', severity: 'error', check: importsMustNotCycle },
  { code: 'import/faulty', severity: 'error', check: importedSpecMustBeSound },
  { code: 'spec/block', severity: 'error', check: blockMustAppearOnce },
  { code: 'name/unique', severity: 'error', check: nameMustBeUnique },
  { code: 'name/hides-word', severity: 'error', check: nameMustNotHideWord },
  { code: 'text/form', severity: 'error', check: textMustBeWellFormed },
  { code: 'number/unit', severity: 'error', check: unitMustFit },
  { code: 'number/range', severity: 'error', check: numberMustBeInRange },
  { code: 'file/missing', severity: 'error', check: fileMustExist, needs: 'files' },
  { code: 'target/unknown', severity: 'error', check: targetMustBeKnown },
  { code: 'target/format', severity: 'error', check: formatMustRunOnTarget },
  { code: 'budget/unknown', severity: 'error', check: budgetMustBeKnown },
  { code: 'budget/twice', severity: 'error', check: budgetMustAppearOnce },
  { code: 'data/kind', severity: 'error', check: dataKindMustBeKnown },
  { code: 'data/option', severity: 'error', check: dataOptionMustBeKnown },
  { code: 'data/option-twice', severity: 'error', check: dataOptionMustAppearOnce },
  { code: 'data/option-kind', severity: 'error', check: dataOptionMustFitKind },
  { code: 'data/value', severity: 'error', check: dataValueMustMakeSense },
  { code: 'data/base', severity: 'error', check: inheritedDataMustExist },
  { code: 'data/cycle', severity: 'error', check: inheritanceMustNotCycle },
  { code: 'data/input', severity: 'error', check: inputMustExist, needs: 'model' },
  { code: 'data/outside', severity: 'error', check: dataMustLieInside, needs: 'files' },
  { code: 'data/take', severity: 'error', check: takeMustNotExceedData, needs: 'files' },
  { code: 'data/calibration', severity: 'error', check: activationsMustHaveCalibration },
  { code: 'data/overlap', severity: 'warning', check: calibrationShouldNotBeValidation },
  { code: 'format/unknown', severity: 'error', check: formatWordMustBeKnown },
  { code: 'format/contradiction', severity: 'error', check: formatWordsMustNotContradict },
  { code: 'format/cycle', severity: 'error', check: formatMustNotContainItself },
  { code: 'format/unused', severity: 'hint', check: definitionShouldBeUsed },
  { code: 'format/role', severity: 'error', check: roleMustTakeFormat },
  { code: 'call/unknown', severity: 'error', check: callMustBeKnown },
  { code: 'call/argument', severity: 'error', check: argumentMustFit },
  { code: 'passes/unknown', severity: 'error', check: passesMustBeKnown },
  { code: 'prune/pattern', severity: 'error', check: patternMustMakeSense },
  { code: 'prune/divide', severity: 'warning', check: patternShouldDivide, needs: 'model' },
  { code: 'quantize/arithmetic', severity: 'error', check: arithmeticMustBeKnown },
  { code: 'selector/operator', severity: 'error', check: operatorMustBeKnown },
  { code: 'selector/role', severity: 'error', check: roleMustBeKnown },
  { code: 'selector/regex', severity: 'error', check: regexMustBeReadable },
  { code: 'selector/property', severity: 'error', check: propertyMustBeKnown },
  { code: 'selector/comparison', severity: 'error', check: comparisonMustFitProperty },
  { code: 'selector/layer', severity: 'error', check: layerMustExist, needs: 'model' },
  { code: 'selector/block', severity: 'error', check: blockMustExist, needs: 'model' },
  { code: 'selector/tensor', severity: 'error', check: tensorMustExist, needs: 'model' },
  { code: 'rule/keep', severity: 'error', check: keptWordMustBeFloat },
  { code: 'rule/empty', severity: 'warning', check: ruleShouldSaySomething },
  { code: 'rule/pending', severity: 'information', check: measurementShouldBeThere, needs: 'model' },
  { code: 'rule/no-match', severity: 'error', check: ruleMustMatch, needs: 'model' },
  { code: 'rule/count', severity: 'error', check: ruleCountMustHold, needs: 'model' },
  { code: 'rule/no-effect', severity: 'warning', check: ruleShouldHaveEffect, needs: 'model' },
  { code: 'rule/locked', severity: 'warning', check: lockShouldNotBeMet, needs: 'model' },
  { code: 'train/unknown', severity: 'error', check: trainingMustBeKnown },
  { code: 'train/value', severity: 'error', check: trainingValueMustFit },
  { code: 'train/data', severity: 'error', check: trainingDataMustExist },
  { code: 'train/not-run', severity: 'information', check: trainingIsNotRun },
  { code: 'search/incomplete', severity: 'error', check: searchMustBeComplete },
  { code: 'search/not-run', severity: 'information', check: searchIsNotRun },
  { code: 'export/unknown', severity: 'error', check: exportMustBeKnown },
  { code: 'export/opset', severity: 'error', check: exportOpsetMustHoldFormats },
  { code: 'export/outside', severity: 'error', check: exportMustStayInFolder },
  { code: 'export/overwrite', severity: 'error', check: exportMustNotOverwrite },
  { code: 'expect/unknown', severity: 'error', check: expectationMustBeKnown },
  { code: 'expect/unmeasurable', severity: 'error', check: expectationMustBeMeasurable },
];
