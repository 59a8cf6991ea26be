const verbs = ["check", "diff", "create", "read", "update", "delete"] as const;

/**
 * The source of a type's provider, which Pulumi keeps in the state of every resource, twice, and writes anew with each change of
 * any: so it is written by hand. The real code it imports by name, when it is asked something.
 */
export function dynamicSource(type: string): string {
  const methods = verbs.map((verb) => `${verb}: act("${verb}")`).join(", ");
  return `const act = (verb) => async (...args) => (await import("@torocloud/provider")).dynamicLifecycle(${JSON.stringify(type)})[verb](...args);
exports.handler = () => ({ ${methods} });
`;
}
