import type { Resource } from "@torocloud/provider";
import type { DriftTable, Row } from "./drift/index.ts";

/** docs/drift.md, from the tables that the lab's tests go through. */
export function renderDriftPage(
  everywhere: Omit<DriftTable, "type">,
  tables: readonly DriftTable[],
  registry: ReadonlyMap<string, Resource>,
): string {
  const sections = tables.map((table) => {
    const resource = registry.get(table.type);
    return `## ${title(table.type)}\n\n${resource?.summary ?? ""}\n\n${renderTable(table)}`;
  });
  return `# What is seen of changes by hand

\`pulumi refresh\` looks at everything below and tells, a sentence for each, what is not as declared: \`host1/guest/web-0: drifted:
unit torocloud-guest-web-0.service is inactive\`. The next \`pulumi up\` puts right what was told, in the lightest way that there is, and
touches nothing else. Each row is done by hand on the hosts of a lab in the tests. This page is generated from their table; … stands for what only the hosts know.

## Every resource

${renderTable(everywhere)}

${sections.join("\n\n")}
`;
}

function title(type: string): string {
  return type.split(":").slice(1).join(".");
}

function renderTable({ watched, unseen }: Omit<DriftTable, "type">): string {
  const rows = watched.flatMap(({ artifact, fields = [], rows: changes, because }) => {
    const what = `${code(artifact)}${fields.length > 0 ? `<br>${fields.join(", ")}` : ""}`;
    return because === undefined
      ? changes.map((row, index) => line(index === 0 ? what : "", row.by, told(row), repair(row)))
      : [line(what, "", `not tried: ${because}`, "")];
  });
  const reasons = Object.entries(unseen).map(([what, because]) => `- ${what}: ${because}.`);
  return `| what is watched, and the inputs that it shows | a change | what \`refresh\` tells | what \`up\` does |
| --- | --- | --- | --- |
${rows.join("\n")}

Not seen:

${reasons.join("\n")}`;
}

function told({ told: lines }: Row): string {
  return lines.length === 0 ? "nothing" : lines.map((text) => code(text)).join("<br>");
}

function repair({ told: lines, restarts = [], refused }: Row): string {
  if (refused) return `refuses: ${code(refused.says)}`;
  if (lines.length === 0) return "nothing";
  return restarts.length === 0
    ? "puts it right; nothing restarts"
    : `puts it right; restarts ${restarts.join(", ")}`;
}

function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

function line(...cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
