const verbs = ["check", "diff", "create", "read", "update", "delete"] as const;

/**
 * The source of a type's provider, which Pulumi keeps in the state of every resource, twice, and writes anew with each change of
 * any: so it is written by hand and short. The real code it imports by name, when it is asked something; and as a project may have
 * @torocloud/sdk alone where it can be seen (pnpm, Plug'n'Play), it looks for it from there, and from the project else.
 */
export function dynamicSource(type: string): string {
  const methods = verbs.map((verb) => `${verb}: act("${verb}")`).join(", ");
  return `const find = () => {
  const { createRequire } = require("module"), from = process.cwd() + "/", here = createRequire(from);
  for (const near of [() => createRequire(here.resolve("@torocloud/sdk")), () => here])
    try { return near().resolve("@torocloud/provider"); } catch {}
  throw Object.assign(new Error("@torocloud/sdk is not installed in " + from + ": npm install, pnpm install or yarn install there"), { stack: "" });
};
const act = (verb) => async (...args) => (await import(require("url").pathToFileURL(find()))).dynamicLifecycle(${JSON.stringify(type)})[verb](...args);
exports.handler = () => ({ ${methods} });
`;
}
