import { z } from "zod";
import type { Props } from "../../provider/src/lifecycle/define-resource.ts";

/** A place in a resource's inputs where a value of its own can stand. */
export interface InputField {
  /** "shares.*.tag": a star for every element of a list and every name of a map. */
  readonly path: readonly string[];
  /** "name": what a map's entry is called. "text": anything that takes some string. */
  readonly kind: "text" | "name" | "other";
}

/** Every place in a schema, those inside lists, maps and objects too. */
export function fieldsOf(schema: z.ZodType, path: readonly string[] = []): InputField[] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional)
    return fieldsOf(schema.unwrap() as z.ZodType, path);
  const here: InputField[] = path.length === 0 ? [] : [{ path, kind: "other" }];
  const below = [...path, "*"];
  if (schema instanceof z.ZodObject)
    return [
      ...here,
      ...Object.entries(schema.shape).flatMap(([name, inner]) =>
        fieldsOf(inner as z.ZodType, [...path, name]),
      ),
    ];
  if (schema instanceof z.ZodArray) return [...here, ...fieldsOf(schema.element as z.ZodType, below)];
  if (schema instanceof z.ZodRecord)
    return [...here, { path: below, kind: "name" }, ...fieldsOf(schema.valueType as z.ZodType, below)];
  if (schema instanceof z.ZodDiscriminatedUnion)
    return schema.options.flatMap((option) => fieldsOf(option as z.ZodType, path));
  const texts =
    schema instanceof z.ZodString || schema instanceof z.ZodUnion || schema instanceof z.ZodStringFormat;
  return [{ path, kind: texts ? "text" : "other" }];
}

/** The inputs with another value in one place; the first element of a list is taken, or made. */
export function withValue(inputs: unknown, path: readonly string[], value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (Array.isArray(inputs)) {
    const [first, ...others] = inputs as unknown[];
    return [withValue(first, rest, value), ...others];
  }
  const map = (inputs ?? {}) as Props;
  const name = step === "*" ? (Object.keys(map)[0] ?? "some_option") : step;
  return { ...map, [name]: withValue(map[name], rest, value) };
}
