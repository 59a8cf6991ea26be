/** What a string has in it that neither a command line nor a file in UTF-8 can hold; undefined when it is sound. */
export function textProblem(text: string): string | undefined {
  if (text.includes("\0")) return "a NUL character";
  return /\p{Surrogate}/u.test(text) ? "half of a UTF-16 pair" : undefined;
}

/** Text for a sentence: on one line, with nothing in it that a terminal would obey or not show. */
export function visible(text: string): string {
  return text.replaceAll(invisible, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

const invisible =
  /[\p{Control}\p{Format}\p{Line_Separator}\p{Paragraph_Separator}\p{Surrogate}\p{Noncharacter_Code_Point}]/gu;
