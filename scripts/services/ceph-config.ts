/** The configuration of a Ceph cluster of one node, sized for a developer's machine. */
import { join } from 'node:path';
import type { Site } from './site.ts';

/** The size of the sparse file that is the disk. Only what is stored takes room. */
export const DISK_BYTES = 8 * 1_024 ** 3;

/** An object storage daemon that meets the end of its disk aborts and does not come back, so it is full before that. */
const RESERVE_BYTES = 512 * 1_024 ** 2;

const FULL = 1 - RESERVE_BYTES / DISK_BYTES;

/** The user is refused with 403 QuotaExceeded before the disk is full, when every write and every delete would hang. */
const QUOTA_BYTES = Math.floor(DISK_BYTES * FULL * 0.85);

export function cephDir(site: Site): string {
  return join(site.dir, 'ceph');
}

export function cephConfFile(site: Site): string {
  return join(cephDir(site), 'ceph.conf');
}

export function cephKeyring(site: Site): string {
  return join(cephDir(site), 'keyring');
}

export function cephConfiguration(site: Site): string {
  return [everybody(site), onePool(), gatewayWide(), monitor(site), storage(site), gateway(site)].join('\n');
}

function everybody(site: Site): string {
  const dir = cephDir(site);
  return `[global]
fsid = ${site.settings.cephFsid}
mon_host = [v2:127.0.0.1:${site.ports.cephMon}]
public_addr = 127.0.0.1
ms_bind_ipv4 = true
ms_bind_ipv6 = false
# With the old protocol too, every daemon would need twice the ports.
ms_bind_msgr1 = false
ms_bind_port_min = ${site.ports.cephOsd[0]}
ms_bind_port_max = ${site.ports.cephOsd[1]}
ms_async_op_threads = 2
keyring = ${cephKeyring(site)}
run_dir = ${dir}
crash_dir = ${join(dir, 'crash')}
# A socket's path may hold 107 characters, which a temporary directory soon exceeds.
admin_socket =
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
auth_allow_insecure_global_id_reclaim = false
log_max_recent = 100
debug_rocksdb = 1/1
debug_bluestore = 0/1
debug_bluefs = 0/1
debug_bdev = 0/1
debug_osd = 0/1
debug_ms = 0/0
debug_rgw = 0/1
`;
}

function onePool(): string {
  return `# One copy, few placement groups, and nothing that moves them.
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
`;
}

/** These stand where radosgw-admin reads them too, as it makes the pools and the user by them. */
function gatewayWide(): string {
  return `rgw_rados_pool_pg_num_min = 1
rgw_override_bucket_index_max_shards = 1
rgw_dynamic_resharding = false
rgw_relaxed_region_enforcement = true
rgw_user_default_quota_max_size = ${QUOTA_BYTES}
# Deleted data is freed after half a minute, not two hours.
rgw_gc_obj_min_wait = 30
rgw_gc_processor_period = 30
rgw_gc_processor_max_time = 30
rgw_gc_max_objs = 4
rgw_lc_max_objs = 4
rgw_num_control_oids = 1
rgw_enable_usage_log = false
rgw_run_sync_thread = false
`;
}

function monitor(site: Site): string {
  return `[mon]
mon_data = ${join(cephDir(site), 'mon')}
# Unset, these two go to the system's log directory.
log_file = ${join(site.dir, 'logs', 'ceph-mon.log')}
mon_cluster_log_file = ${join(site.dir, 'logs', 'ceph-cluster.log')}
mon_data_avail_warn = 2
mon_data_avail_crit = 0
mon_allow_pool_size_one = true
mon_allow_pool_delete = true
mon_warn_on_pool_no_redundancy = false
# There is no manager daemon, and for ten years nobody shall miss it.
mon_mgr_mkfs_grace = 315360000
mon_pg_warn_min_per_osd = 0
mon_osd_full_ratio = ${FULL.toFixed(3)}
mon_osd_backfillfull_ratio = ${(FULL - 0.02).toFixed(3)}
mon_osd_nearfull_ratio = ${(FULL - 0.05).toFixed(3)}
paxos_propose_interval = 0.05
paxos_min_wait = 0.01
mon_rocksdb_options = write_buffer_size=4194304,compression=kNoCompression,level_compaction_dynamic_level_bytes=true
`;
}

function storage(site: Site): string {
  return `[osd]
osd_data = ${join(cephDir(site), 'osd')}
log_file = ${join(site.dir, 'logs', 'ceph-osd.log')}
crush_location = root=default host=local
# Unset, the ports between storage daemons are open on every address.
cluster_addr = 127.0.0.1
osd_objectstore = bluestore
bluestore_block_path =
bluestore_block_size = ${DISK_BYTES}
bluestore_block_create = true
# Small buffers in place of autotuning, which Debian's build (without tcmalloc) cannot do.
bluestore_rocksdb_cf = false
bluestore_rocksdb_options = compression=kNoCompression,max_write_buffer_number=4,min_write_buffer_number_to_merge=1,recycle_log_file_num=4,write_buffer_size=8388608,writable_file_max_buffer_size=0,compaction_readahead_size=2097152,max_background_compactions=1,max_total_wal_size=33554432
bluestore_cache_autotune = false
bluestore_cache_size = 67108864
bluestore_prefer_deferred_size_hdd = 0
# Every start waits for several of these; the default is 250.
bdev_aio_poll_ms = 20
osd_op_num_shards = 2
osd_op_num_threads_per_shard = 2
osd_op_queue = wpq
osd_max_pg_log_entries = 500
osd_min_pg_log_entries = 100
osd_failsafe_full_ratio = ${(FULL + (1 - FULL) / 3).toFixed(3)}
osd_heartbeat_interval = 1
`;
}

function gateway(site: Site): string {
  return `[client.rgw.main]
rgw_data = ${join(cephDir(site), 'rgw')}
log_file = ${join(site.dir, 'logs', 'ceph-rgw.log')}
# Without tcp_nodelay, a small GET waits 40 ms.
rgw_frontends = beast endpoint=127.0.0.1:${site.ports.s3} tcp_nodelay=1
rgw_thread_pool_size = 32
rgw_init_timeout = 60
`;
}
