export {
  driftTables,
  everywhere,
  meddlings,
  type DriftTable,
  type Meddling,
  type Row,
  type Watched,
} from "./table.ts";
export { rounds } from "./rounds.ts";
