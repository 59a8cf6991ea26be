import { z } from "zod";
import { file } from "../../../provider/src/artifacts/files.ts";
import { defineResource } from "../../../provider/src/lifecycle/define-resource.ts";

/** Checked by `tsc -p test`: each line below `@ts-expect-error` must not compile, and all others must. */
const inputs = z.object({ host: z.string(), size: z.number().default(1), note: z.string().optional() });
const derived = z.object({ path: z.string() });
const outputs = z.object({ number: z.coerce.number() });
const rest = {
  type: "torocloud:test:Thing",
  summary: "A thing.",
  kind: "thing",
  inputs,
  derived,
  outputs,
  replaceOrder: "create-then-delete",
  name: () => "x",
  artifacts: () => [],
} as const;
const derive = { path: (): string => "/x" };
const onChange = { host: "replace", size: "live", note: "record", path: "restart" } as const;

defineResource({ ...rest, derive, onChange });

// What a definition is handed has the types of its schemas: defaults are there, optional fields may be absent.
defineResource({
  ...rest,
  derive: { path: ({ host, size, note, owner }): string => host + owner + (note ?? "").repeat(size) },
  onChange,
  name: ({ path, onDelete }) => path + onDelete,
  artifacts: ({ size }) => [file("/x", size.toFixed())],
  validate: ({ size }) => [{ property: "size", reason: size.toFixed() }],
});

// Secrets reach the artifacts with the type that fetching gave them, or not at all.
defineResource({
  ...rest,
  derive,
  onChange,
  fetchSecrets: async () => Promise.resolve({ key: "secret" }),
  artifacts: (_, secrets) => [file("/x", secrets?.key ?? "")],
});

defineResource({
  ...rest,
  derive,
  // @ts-expect-error -- `note` has no rule
  onChange: { host: "replace", size: "live", path: "restart" },
});
defineResource({
  ...rest,
  derive,
  // @ts-expect-error -- the derived `path` has no rule
  onChange: { host: "replace", size: "live", note: "record" },
});
defineResource({
  ...rest,
  derive,
  // @ts-expect-error -- "recreate" is no rule
  onChange: { host: "recreate", size: "live", note: "record", path: "restart" },
});
defineResource({
  ...rest,
  derive,
  // @ts-expect-error -- `colour` is no field
  onChange: { host: "replace", size: "live", note: "record", path: "restart", colour: "live" },
});
defineResource({
  ...rest,
  // @ts-expect-error -- nothing tells how `path` is computed
  derive: {},
  onChange,
});
defineResource({
  ...rest,
  // @ts-expect-error -- `path` is a string
  derive: { path: () => 5 },
  onChange,
});
defineResource({
  ...rest,
  // @ts-expect-error -- the host is where it is made, so each resource has one
  inputs: z.object({ size: z.number() }),
  derive,
  onChange,
});
defineResource({
  ...rest,
  derive,
  onChange,
  fetchSecrets: async () => Promise.resolve({ key: "secret" }),
  // @ts-expect-error -- there are no secrets while it is removed
  artifacts: (_, secrets) => [file("/x", secrets.key)],
});
defineResource({
  ...rest,
  derive,
  onChange,
  // @ts-expect-error -- a query is data, a string is none
  report: () => "number",
});
