/** All parts of a site by their names: the one place that knows every back end. */
import { ceph } from './ceph.ts';
import { mysql } from './mysql.ts';
import { PART_NAMES, type Part, type PartName } from './part.ts';
import { rabbitmq } from './rabbitmq.ts';
import { redis } from './redis.ts';
import type { Site } from './site.ts';

const MAKERS: Readonly<Record<PartName, (site: Site) => Part>> = { mysql, redis, rabbitmq, ceph };

/** The named parts in the order in which they are always shown. */
export function partsOf(site: Site, names: readonly PartName[]): Part[] {
  return PART_NAMES.filter((name) => names.includes(name)).map((name) => MAKERS[name](site));
}
