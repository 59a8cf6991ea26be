/** One source of Debian packages, as /etc/apt describes it. */
export interface AptSource {
  readonly uris: readonly string[];
  readonly suites: readonly string[];
}

function parseLine(line: string): AptSource | undefined {
  const match = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/.exec(line.trim());
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { uris: [match[1]], suites: [match[2]] };
}

/** The sources of a file in the one-line style (`*.list`). */
export function parseSourcesList(text: string): AptSource[] {
  return text
    .split("\n")
    .map(parseLine)
    .filter((source) => source !== undefined);
}

function parseStanza(stanza: string): AptSource | undefined {
  const fields = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of stanza.split("\n").filter((text) => !text.startsWith("#"))) {
    const field = /^([A-Za-z-]+):(.*)$/.exec(line);
    if (field?.[1] !== undefined) {
      current = [];
      fields.set(field[1].toLowerCase(), current);
    }
    current.push(...(field?.[2] ?? line).split(/\s+/).filter((word) => word !== ""));
  }
  const words = (name: string): string[] => fields.get(name) ?? [];
  if (words("enabled")[0] === "no" || !words("types").includes("deb")) return undefined;
  return { uris: words("uris"), suites: words("suites") };
}

/** The sources of a file in the deb822 style (`*.sources`). */
export function parseSources(text: string): AptSource[] {
  return text
    .split(/\n\s*\n/)
    .map(parseStanza)
    .filter((source) => source !== undefined);
}

/** Where a machine of one Debian release gets that release's own packages: of each part the first place that hosts can reach. */
export interface Mirror {
  readonly main: string;
  readonly updates: string | undefined;
  readonly security: string | undefined;
}

/** Finds the mirror among a machine's sources; undefined when they name none that works over a network. */
export function findMirror(sources: readonly AptSource[], codename: string): Mirror | undefined {
  const uriOf = (...suites: readonly string[]): string | undefined =>
    sources
      .filter((source) => source.suites.some((suite) => suites.includes(suite)))
      .flatMap((source) => source.uris)
      .find((uri) => /^https?:/.test(uri));
  const main = uriOf(codename, "stable", "oldstable");
  if (main === undefined) return undefined;
  return {
    main,
    updates: uriOf(`${codename}-updates`, "stable-updates", "oldstable-updates"),
    security: uriOf(`${codename}-security`, "stable-security", "oldstable-security"),
  };
}

/** The sources of a host of that suite, from the machine's mirror, in the one-line style. */
export function renderSources(mirror: Mirror, suite: string): string {
  const line = (uri: string | undefined, name: string): string =>
    uri === undefined ? "" : `deb ${uri} ${name} main\n`;
  return (
    line(mirror.main, suite) +
    line(mirror.updates, `${suite}-updates`) +
    line(mirror.security, `${suite}-security`)
  );
}

const handedOn =
  /^Acquire::(?:(?:http|https)::(?!User-Agent)\S*|Check-Valid-Until|Check-Date|ForceIPv4|ForceIPv6|Retries)$/i;

/** The lines of `apt-config dump` that say how this machine reaches its mirror (proxies, certificates, dates). */
export function reachSettings(dump: string): string[] {
  return dump.split("\n").filter((line) => {
    const [key = "", value = '"";'] = line.split(" ", 2);
    return handedOn.test(key) && value !== '"";';
  });
}

/** Settings that turn the proxies of the environment into apt's own, where apt has none of its own. */
export function proxySettings(
  environment: Readonly<Record<string, string | undefined>>,
  settings: readonly string[],
): string[] {
  return (["http", "https"] as const).flatMap((scheme) => {
    const proxy = environment[`${scheme}_proxy`] ?? environment[`${scheme.toUpperCase()}_PROXY`];
    const key = `Acquire::${scheme}::Proxy`;
    const known = settings.some((line) => line.startsWith(`${key} `));
    return proxy === undefined || proxy === "" || known ? [] : [`${key} "${proxy}";`];
  });
}

/** The files that settings name (certificates, keys), which a host needs too. */
export function filesNamedBy(settings: readonly string[]): string[] {
  return settings
    .map((line) => /::(?:CaInfo|SslCert|SslKey)\s+"(\/[^"]+)";/i.exec(line)?.[1])
    .filter((path) => path !== undefined);
}
