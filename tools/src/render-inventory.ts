interface Field {
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly type?: string;
  readonly anyOf?: readonly Field[];
}

interface HostSchema {
  readonly properties: Readonly<Record<string, Field>>;
}

interface InventorySchema {
  readonly properties: {
    readonly hosts: { readonly additionalProperties: HostSchema };
    readonly defaults: HostSchema;
  };
}

const begin = "<!-- fields: generated, see npm run generate -->";
const end = "<!-- end of fields -->";

/** The page with its table of fields as the inventory's JSON schema describes them. */
export function withFieldTable(page: string, schema: object): string {
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`the page has no "${begin}" and "${end}"`);
  return `${before}${begin}\n\n${fieldTable(schema as InventorySchema)}\n\n${end}${after}`;
}

function fieldTable({ properties: { hosts, defaults } }: InventorySchema): string {
  const rows = Object.entries(hosts.additionalProperties.properties).map(([name, field]) => {
    const where = name in defaults.properties ? "host, defaults" : "host";
    return `| \`${name}\` | ${kind(field)} | ${where} | ${field.description ?? ""} |`;
  });
  return ["| field | value | in | meaning |", "|---|---|---|---|", ...rows].join("\n");
}

function kind({ enum: values, type, anyOf }: Field): string {
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(" or ");
  return anyOf === undefined ? (type ?? "") : anyOf.map(kind).join(" or ");
}
