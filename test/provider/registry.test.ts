import { readdirSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { commonFields } from "../../provider/src/validation/common-inputs.ts";
import { registry } from "../../provider/src/registry.ts";
import { examples, removeFixtures } from "./examples.ts";

/** Where resources are defined. */
const rooms = ["machine", "ceph", "microvm"] as const;
const resources = [...registry.values()];

afterAll(removeFixtures);

describe("the registry", () => {
  it("has an example for every resource, and no example without one", () => {
    expect(Object.keys(examples).sort()).toEqual([...registry.keys()].sort());
  });

  it("offers every resource that the sources define, and each has its contract suite", () => {
    const defined = rooms.flatMap((room) => {
      const sources = new URL(`../../provider/src/${room}/`, import.meta.url);
      return readdirSync(sources).flatMap((name) => {
        const source = readFileSync(new URL(name, sources), "utf8");
        const constants = [
          ...source.matchAll(/^export const (\w+) = defineResource\(\{\s+type: "([^"]+)"/gm),
        ];
        if (constants.length === 0) return [];
        expect(constants, name).toHaveLength(1);
        const suite = readFileSync(
          new URL(`./${room}/${name.replace(/\.ts$/, ".test.ts")}`, import.meta.url),
          "utf8",
        );
        for (const [, constant = "", type = ""] of constants) {
          expect(suite, name).toMatch(
            new RegExp(`^testResource\\(${constant}, examples\\["${type}"\\]`, "m"),
          );
        }
        return constants.map(([, , type]) => type);
      });
    });
    expect(defined.sort()).toEqual([...registry.keys()].sort());
  });

  it("gives no kind twice, so that markers and ids never meet", () => {
    expect(new Set(resources.map(({ kind }) => kind)).size).toBe(resources.length);
  });
});

describe.each(resources.map((resource) => [resource.type, resource] as const))("%s", (type, resource) => {
  it("has a rule for each input and derived field, and for nothing else", () => {
    const fields = new Set([...Object.keys(resource.inputs.shape), ...Object.keys(resource.derived.shape)]);
    expect(Object.keys(resource.onChange).sort()).toEqual([...fields].sort());
  });

  it("has names that read the same to Pulumi, a path and a shell", () => {
    expect(type).toMatch(/^torocloud:[a-z]+:[A-Z][A-Za-z]+$/);
    expect(resource.kind).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(resource.summary).toMatch(/^[A-Z].*\.$/);
  });

  it("uses no field's name twice for different things", () => {
    const outputs = Object.keys(resource.outputs.shape);
    for (const field of [...outputs, ...Object.keys(resource.onChange)])
      expect(commonFields).not.toContain(field);
    for (const field of outputs) expect(Object.keys(resource.onChange)).not.toContain(field);
    for (const field of [...outputs, ...Object.keys(resource.onChange)]) {
      expect(["drift", "id", "urn", "__provider"]).not.toContain(field);
    }
  });

  it("describes every field in a sentence", () => {
    for (const [shape, schema] of Object.entries({
      inputs: resource.inputs,
      derived: resource.derived,
      outputs: resource.outputs,
    })) {
      for (const [field, description] of descriptions(schema)) {
        expect(description, `${shape}.${field}`).toMatch(/^[A-Z].*\.$/s);
      }
    }
  });
});

/** Of all fields, those of objects and arrays inside included. */
function descriptions(schema: unknown, path = ""): [string, string | undefined][] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return descriptions(schema.unwrap(), path);
  if (schema instanceof z.ZodArray) return descriptions(schema.element, path);
  if (schema instanceof z.ZodDiscriminatedUnion)
    return schema.options.flatMap((option) => descriptions(option, path));
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([field, inner]): [string, string | undefined][] => [
    [`${path}${field}`, (inner as z.ZodType).description],
    ...descriptions(inner, `${path}${field}.`),
  ]);
}
