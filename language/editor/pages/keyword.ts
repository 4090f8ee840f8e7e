import { paragraphs, plain } from '../markdown.ts';
import { sectionOf } from '../sections.ts';
import { documentationOf } from '../words.ts';

/** Where the language's documentation can be opened: the address of each section, by its anchor. */
export type Manual = (section: string) => string | undefined;

/** A keyword in a sentence, and where more is said of it. */
export function keywordPage(word: string, manual: Manual | undefined): string | undefined {
  const said = documentationOf(word);
  if (said === undefined) return undefined;
  const section = sectionOf(word);
  const address = section === undefined ? undefined : manual?.(section);
  return paragraphs(
    `**${plain(word)}** ${said}`,
    section === undefined || address === undefined ? '' : `[More of ${plain(section)}](${address})`,
  );
}
