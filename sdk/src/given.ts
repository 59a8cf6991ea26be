export type Given<Values> = { [Field in keyof Values]?: Exclude<Values[Field], undefined> };

/** The fields that have a value. */
export function given<Values extends object>(values: Values): Given<Values> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Given<Values>;
}
