import { z } from "zod";

const kinds: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  number: "a number",
  record: "an object of names and text",
  string: "text",
};

/** What was expected, in words, where a schema does not say it itself; undefined for zod's own. */
export const expectation: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${fieldsOf(issue.inst, "an object with", "and") ?? kinds[issue.expected] ?? issue.expected}`;
    case "unrecognized_keys":
      return `expected ${fieldsOf(issue.inst, "one of", "or") ?? "nothing"}`;
    case "invalid_value":
      return `expected ${listed(
        issue.values.map((value) => JSON.stringify(value)),
        "or",
      )}`;
    case "too_small":
      return issue.origin === "string" ? "expected text that is not empty" : undefined;
    default:
      return undefined;
  }
};

function fieldsOf(schema: unknown, before: string, word: string): string | undefined {
  return schema instanceof z.ZodObject ? `${before} ${listed(Object.keys(schema.shape), word)}` : undefined;
}

/** "a, b or c" */
function listed(words: readonly string[], word: string): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} ${word} ${last}`;
}
