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
  const expected = expectedOf(issue);
  return expected && `expected ${expected}`;
};

function expectedOf(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "invalid_type") {
    return fieldsOf(issue.inst, "an object with", "and") ?? kinds[issue.expected] ?? issue.expected;
  }
  if (issue.code === "unrecognized_keys") return fieldsOf(issue.inst, "one of", "or") ?? "nothing";
  if (issue.code === "invalid_value") {
    const values = issue.values.map((value) => JSON.stringify(value));
    return listed(values, "or");
  }
  return isEmptyText(issue) ? "text that is not empty" : undefined;
}

function isEmptyText(issue: z.core.$ZodRawIssue): boolean {
  return issue.code === "too_small" && issue.origin === "string";
}

function fieldsOf(schema: unknown, before: string, word: string): string | undefined {
  return schema instanceof z.ZodObject ? `${before} ${listed(Object.keys(schema.shape), word)}` : undefined;
}

/** "a, b or c" */
function listed(words: readonly string[], word: string): string {
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} ${word} ${last}`;
}
