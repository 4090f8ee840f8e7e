import type { Description } from './check.ts';

const common = { severity: 'error', section: 'reading' } as const;

/** What reading a text finds (`grammar/load.ts`, `grammar/messages.ts`), as docs/findings.md describes it. */
export const syntaxFindings: readonly Description[] = [
  {
    ...common,
    code: 'syntax/unexpected',
    what: 'A word or sign stands where it cannot; the finding lists what could, and names the nearest word.',
    why: 'The statement cannot be read. What stands around it is read all the same.',
    fix: 'Correct the word.',
    example: 'quantize { wieghts int8 }',
  },
  {
    ...common,
    code: 'syntax/character',
    what: 'A character that begins no word of the language.',
    why: 'It is left out; mostly it came along with copied text.',
    fix: 'Remove it.',
    example: 'quantize { weights int8; }',
  },
  {
    ...common,
    code: 'syntax/unclosed-comment',
    what: '`/*` without `*/`.',
    why: 'Everything after it is part of the comment.',
    fix: 'End it with `*/`.',
    example: 'quantize { weights int8 } /* for now',
  },
  {
    ...common,
    code: 'syntax/nesting',
    what: 'Brackets more than 100 deep.',
    why: 'What is inside is not read.',
    fix: 'Split the selector into several rules.',
    example: `quantize { layers ${'('.repeat(100)}first${')'.repeat(100)} keep float }`,
  },
  {
    ...common,
    code: 'syntax/too-large',
    what: 'A file of more than 1,048,576 characters.',
    why: 'It is not read: a spec of a thousand lines has forty thousand.',
    fix: 'Check that this is the file you meant.',
  },
  {
    ...common,
    code: 'syntax/gave-up',
    what: 'More than 100 faults.',
    why: 'The rest of the file is not read.',
    fix: 'Check that this is the file you meant, or mend the faults before.',
  },
];
