/** Where a monitor listens: a name, and an IPv4 or IPv6 address. */
export interface MonitorAddress {
  readonly name: string;
  readonly address: string;
}

/** Both messenger protocols on their standard ports, as monmaptool and mon_host spell it. */
export function addressVector(address: string): string {
  const ip = address.includes(":") ? `[${address}]` : address;
  return `[v2:${ip}:3300,v1:${ip}:6789]`;
}

/**
 * Modules of the manager that nothing here uses: without them a manager is there in a third of the time and takes 150 MB
 * in place of 350. What declares a use for one of them gives `mgr_disabled_modules` another value.
 */
const optionalModules = [
  ...[
    "alerts",
    "cephadm",
    "dashboard",
    "diskprediction_local",
    "influx",
    "insights",
    "k8sevents",
    "localpool",
  ],
  ...["mds_autoscaler", "mirroring", "nfs", "osd_perf_query", "osd_support", "prometheus", "restful", "rook"],
  ...["selftest", "snap_schedule", "stats", "telegraf", "test_orchestrator", "zabbix"],
];

/**
 * Defaults for nodes of 2 cores and 8 GB: less memory than Ceph's own, no benchmark of the disk at each start,
 * elections that do not wait five seconds for a monitor which is not there yet, statistics every second, not every five, no warning above 10 % free disk.
 */
export const smallNodes: Readonly<Record<string, string>> = {
  mds_cache_memory_limit: "536870912",
  mgr_disabled_modules: optionalModules.join(","),
  mgr_initial_modules: "iostat",
  mgr_stats_period: "1",
  mon_data_avail_warn: "10",
  mon_election_timeout: "1",
  mon_memory_target: "536870912",
  mon_osd_down_out_subtree_limit: "host",
  osd_mclock_skip_benchmark: "true",
  osd_memory_target: "1073741824",
};

/** Without being told, a daemon listens on an IPv4 address, and does not start on a machine that has none. */
function binding(monitors: readonly MonitorAddress[]): Record<string, string> {
  const six = monitors.filter(({ address }) => address.includes(":")).length;
  if (six === 0) return {};
  return six === monitors.length ? { ms_bind_ipv4: "false", ms_bind_ipv6: "true" } : { ms_bind_ipv6: "true" };
}

interface ClusterConfig {
  readonly fsid: string;
  readonly monitors: readonly MonitorAddress[];
  readonly settings: Readonly<Record<string, string>>;
}

/** ceph.conf(5) of every host of the cluster. */
export function renderCephConf({ fsid, monitors, settings }: ClusterConfig): string {
  const lines = Object.entries({ ...smallNodes, ...binding(monitors), ...settings })
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([option, value]) => `${option} = ${escapeValue(value)}`);
  return `[global]
fsid = ${fsid}
mon_host = ${monitors.map(({ address }) => addressVector(address)).join(",")}
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
auth_allow_insecure_global_id_reclaim = false
${lines.join("\n")}
`;
}

/** A value on one line, as Ceph's parser gives it back: `#` and `;` would begin a comment, quotes be taken off. */
function escapeValue(value: string): string {
  return value.replaceAll(/[\\#;]/g, "\\$&").replace(/^["']/, "\\$&");
}

/** The part of ceph.conf(5) that a client needs. */
export function renderClientConf({ fsid, monitors }: Omit<ClusterConfig, "settings">): string {
  return `[global]
fsid = ${fsid}
mon_host = ${monitors.map(({ address }) => addressVector(address)).join(",")}
`;
}
