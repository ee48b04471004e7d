//! The rows. Names and argument keys are append-only: repro files refer to them.

use super::{Arg, OpSpec, Role, Topic, run};
use crate::vocab::Kernel;

const ALL: &[Kernel] = &Kernel::ALL;
/// Kernels with folios.
const FOLIOS: &[Kernel] = &[Kernel::V6_5, Kernel::V6_8, Kernel::V6_12];
/// Kernels with folios, and v3.13.
const V3_13: &[Kernel] = &[Kernel::V3_13, Kernel::V6_5, Kernel::V6_8, Kernel::V6_12];
const NONLINEAR: &[Kernel] = &[Kernel::V3_13];
/// Kernels that write back and swap.
const RICH: &[Kernel] = &[Kernel::V5_0, Kernel::V6_5, Kernel::V6_8, Kernel::V6_12];
const V5_0: &[Kernel] = &[Kernel::V5_0];
/// Only the newest.
const V6_12: &[Kernel] = &[Kernel::V6_12];
/// Kernels with processes.
const PROCESSES: &[Kernel] = &[Kernel::V3_13, Kernel::V5_0, Kernel::V6_5, Kernel::V6_8, Kernel::V6_12];
const COMPACT: Arg = Arg::Mode(&["sync", "async", "sync_nofs", "async_nofs"]);
const MIGRATE: Arg = Arg::Mode(&["sync", "async", "sync_light"]);
const WRITEBACK: Arg = Arg::Mode(&["sync", "async"]);
const WAITS: Arg = Arg::Mode(&["shared", "drop"]);
const LISTS: Arg = Arg::Mode(&["inactive_anon", "active_anon", "inactive_file", "active_file"]);
/// The last: there are more buffers than the system wants.
const ACTIVE: Arg = Arg::Mode(&["active_anon", "active_file", "active_file_strip"]);
const ACCESS: Arg = Arg::Mode(&["read", "write"]);
const PROT: Arg = Arg::Mode(&["ro", "rw"]);
const WHAT: Arg = Arg::Mode(&["anon", "m0_shared", "m0_private", "m1_shared", "m1_private", "m2_shared", "m2_private"]);
const ADVICE: Arg = Arg::Mode(&["dontneed", "free", "cold", "pageout", "populate_read", "populate_write", "willneed"]);
const PIN: Arg = Arg::Mode(&["fast", "fast_write", "slow", "slow_write", "longterm", "longterm_write"]);
const UNPIN: Arg = Arg::Mode(&["clean", "dirty"]);

macro_rules! ops {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident($($arg:ident: $kind:expr),*) in $kernels:ident as $role:ident
            about $($topic:ident)+ => $run:expr;
    )+) => {
        /// Every operation.
        pub static TABLE: &[OpSpec] = &[$(OpSpec {
            name: stringify!($name),
            args: &[$((stringify!($arg), $kind)),*],
            kernels: $kernels,
            role: Role::$role,
            topics: &[$(Topic::$topic),+],
            doc: concat!($($doc),+),
            run: $run,
        }),+];
    };
}

ops! {
    /// Look a folio up in the page cache without locks and put it.
    filemap_get_entry(m: Arg::Mapping, index: Arg::Index) in ALL as Lookup
        about Cache Tmpfs => run::file::filemap_get_entry;
    /// Look a folio up and keep the reference until `put_held` or the end.
    get_and_hold(m: Arg::Mapping, index: Arg::Index) in ALL as Hold
        about Cache Writeback Lru Tmpfs => run::file::get_and_hold;
    /// Drop the reference this CPU kept longest.
    put_held() in ALL as Release
        about Cache Lru Anon Swap Tmpfs Mapped => run::file::put_held;
    /// Find, lock, re-check, unlock, put.
    filemap_lock_folio(m: Arg::Mapping, index: Arg::Index) in ALL as Lookup
        about Cache => run::file::filemap_lock_folio;
    /// Wait until a cached folio is unlocked, keeping the reference or having dropped it.
    wait_on_folio(m: Arg::Mapping, index: Arg::Index, how: WAITS) in ALL as Lookup
        about Cache => run::file::wait_on_folio;
    /// Allocate a folio and add it to the page cache and the LRU, as a read of a hole does.
    filemap_add_folio(m: Arg::Mapping, index: Arg::Index) in ALL as Add
        about Cache Lru => run::file::filemap_add_folio;
    /// Truncate a file from `index` to its end.
    truncate_inode_pages(m: Arg::Mapping, index: Arg::Index) in ALL as Remove
        about Cache Writeback Lru Mapped => run::file::truncate_inode_pages;
    /// Close the last descriptor of an unlinked file: its inode is evicted and freed.
    evict(m: Arg::Mapping) in ALL as Remove
        about Cache Writeback Lru Tmpfs Mapped => run::file::evict;
    /// Drop a file's clean, unused pages (drop_caches).
    invalidate_mapping_pages(m: Arg::Mapping) in ALL as Remove
        about Cache Writeback => run::file::invalidate_mapping_pages;
    /// Dirty a cached folio under its lock.
    folio_mark_dirty(m: Arg::Mapping, index: Arg::Index) in ALL as Lookup
        about Cache Writeback => run::file::folio_mark_dirty;
    /// File this CPU's batched folios on the LRU.
    lru_add_drain() in ALL as Release
        about Cache Lru Anon Swap Tmpfs => run::lru::lru_add_drain;
    /// Isolate a looked-up folio from the LRU and keep it until `putback_held` or the end.
    isolate_and_hold(m: Arg::Mapping, index: Arg::Index) in ALL as Hold
        about Lru => run::lru::isolate_and_hold;
    /// Put the folio this CPU isolated longest ago back on the LRU.
    putback_held() in ALL as Release
        about Lru => run::lru::putback_held;
    /// Isolate folios from the tail of an LRU list; reclaim them (v6.5 on), move the others back.
    shrink_inactive_list(list: LISTS) in ALL as Scan
        about Lru Swap => run::lru::shrink_inactive_list;
    /// Compact page frames: isolate what can be migrated and migrate it; before v6.5, put it back.
    compact(pfn: Arg::Pfn, nr: Arg::Count(8), mode: COMPACT) in ALL as Scan
        about Cache Lru Anon => run::lru::compact;
    /// read() one page of a file, bringing it in if need be.
    filemap_read(m: Arg::Mapping, index: Arg::Index) in RICH as Lookup
        about Cache Writeback Tmpfs Mapped => run::file::filemap_read;
    /// write() one page of a file, under its i_rwsem.
    filemap_write(m: Arg::Mapping, index: Arg::Index) in RICH as Add
        about Cache Writeback Tmpfs Mapped => run::file::filemap_write;
    /// ftruncate() a file to `index` pages: its size, its mapped pages, its page cache.
    truncate(m: Arg::Mapping, index: Arg::Index) in FOLIOS as Remove
        about Cache Writeback Lru Tmpfs Mapped => run::file::truncate;
    /// fallocate(FALLOC_FL_PUNCH_HOLE) of one page.
    punch_hole(m: Arg::Mapping, index: Arg::Index) in FOLIOS as Remove
        about Cache Writeback Tmpfs Mapped => run::file::punch_hole;
    /// Drop the pages of a file from `index` on, mapped or dirty or not, as direct I/O does.
    invalidate_inode_pages2(m: Arg::Mapping, index: Arg::Index) in FOLIOS as Remove
        about Cache Writeback Tmpfs Mapped => run::file::invalidate_pages2;
    /// Load from a virtual page, faulting as often as it takes.
    user_read(p: Arg::Process, addr: Arg::Addr) in PROCESSES as Lookup
        about Anon Swap Tmpfs Mapped => run::process::user_read;
    /// Store to a virtual page: anonymous fault, copy-on-write, page_mkwrite, swap-in.
    user_write(p: Arg::Process, addr: Arg::Addr) in PROCESSES as Add
        about Writeback Lru Anon Swap Tmpfs Mapped => run::process::user_write;
    /// Start writeback of a file's dirty pages; `sync` also waits for pages under writeback.
    writeback(m: Arg::Mapping, mode: WRITEBACK) in RICH as Move
        about Writeback Mapped => run::file::writeback;
    /// Attach a buffer head to a cached folio under its lock.
    create_buffers(m: Arg::Mapping, index: Arg::Index) in RICH as Lookup
        about Writeback => run::file::create_buffers;
    /// Dirty a folio by its buffer head.
    mark_buffer_dirty(m: Arg::Mapping, index: Arg::Index) in RICH as Lookup
        about Writeback => run::file::mark_buffer_dirty;
    /// fsync(): write a file's dirty pages and wait for all writeback.
    fsync(m: Arg::Mapping) in RICH as Move
        about Writeback Mapped => run::file::fsync;
    /// Read a window of pages ahead, without waiting for it.
    readahead(m: Arg::Mapping, index: Arg::Index) in FOLIOS as Add
        about Cache => run::file::readahead;
    /// Bring a page in by adding a folio and replacing it with one that has the contents, as fuse does.
    replace_page_cache_folio(m: Arg::Mapping, index: Arg::Index) in FOLIOS as Add
        about Cache => run::file::replace_page_cache_folio;
    /// mmap() two pages where nothing is mapped; page n of a file at virtual page n.
    mmap(p: Arg::Process, addr: Arg::Addr, what: WHAT) in PROCESSES as Map
        about Anon Tmpfs Mapped => run::process::mmap;
    /// munmap() two pages.
    munmap(p: Arg::Process, addr: Arg::Addr) in PROCESSES as Remove
        about Writeback Lru Anon Swap Tmpfs Mapped => run::process::munmap;
    /// mprotect() the VMA at a page: read-only, or writable.
    mprotect(p: Arg::Process, addr: Arg::Addr, how: PROT) in FOLIOS as Map
        about Writeback Anon Mapped => run::process::mprotect;
    /// mremap() the VMA at a page to another address.
    mremap(p: Arg::Process, from: Arg::Addr, to: Arg::Addr) in FOLIOS as Map
        about Anon Mapped => run::process::mremap;
    /// fork(): the other process becomes the child, unless it exists.
    fork(p: Arg::Process) in RICH as Map
        about Anon Swap Mapped => run::process::fork;
    /// exit(): the process's own use of its address space ends; the last user tears it down.
    exit(p: Arg::Process) in PROCESSES as Remove
        about Lru Anon Swap Mapped => run::process::end_process;
    /// mlock() the VMA at a page.
    mlock(p: Arg::Process, addr: Arg::Addr) in V3_13 as Map
        about Lru Anon Swap Mapped => run::process::mlock;
    /// munlock() the VMA at a page.
    munlock(p: Arg::Process, addr: Arg::Addr) in V3_13 as Map
        about Lru Anon Mapped => run::process::munlock;
    /// madvise() one page.
    madvise(p: Arg::Process, addr: Arg::Addr, advice: ADVICE) in FOLIOS as Remove
        about Anon Swap Tmpfs Mapped => run::process::madvise;
    /// Take a reference on a user page (FOLL_GET) and keep it until `put_held` or the end.
    gup_get(p: Arg::Process, addr: Arg::Addr, how: ACCESS) in FOLIOS as Hold
        about Lru Anon Swap Mapped => run::process::gup_get;
    /// Pin a user page (FOLL_PIN) for I/O and keep it until `unpin` or the end.
    gup_pin(p: Arg::Process, addr: Arg::Addr, how: PIN) in FOLIOS as Hold
        about Writeback Anon Swap Tmpfs Mapped => run::process::gup_pin;
    /// I/O from or into the page this CPU has pinned.
    pin_io(how: ACCESS) in FOLIOS as Lookup
        about Writeback Anon Mapped => run::process::pin_io;
    /// Drop a pin of this CPU, calling the page dirty or not.
    unpin(how: UNPIN) in FOLIOS as Release
        about Writeback Anon Swap Tmpfs Mapped => run::process::unpin;
    /// Move folios from the tail of an active list to the inactive one.
    shrink_active_list(list: ACTIVE) in RICH as Scan
        about Lru => run::lru::shrink_active_list;
    /// Direct reclaim: one round over all lists.
    reclaim() in RICH as Scan
        about Cache Writeback Lru Anon Swap Tmpfs Mapped => run::lru::reclaim;
    /// Wake kswapd, which reclaims in its own task.
    kswapd() in RICH as Scan
        about Writeback Lru Swap Tmpfs => run::lru::kswapd;
    /// File the batched folios of every CPU on the LRU, and wait for that.
    lru_add_drain_all() in FOLIOS as Release
        about Lru => run::lru::lru_add_drain_all;
    /// Switch the per-CPU LRU batches off, drain them, and on again.
    lru_cache_disable() in FOLIOS as Release
        about Lru => run::lru::lru_cache_disable;
    /// Mark a cached folio accessed: referenced, then active.
    folio_mark_accessed(m: Arg::Mapping, index: Arg::Index) in RICH as Lookup
        about Lru => run::file::folio_mark_accessed;
    /// Make an unevictable file evictable and move its folios to the lists they belong to.
    check_move_unevictable(m: Arg::Mapping) in FOLIOS as Scan
        about Lru Tmpfs => run::file::check_move_unevictable;
    /// Isolate and migrate one folio of a file.
    migrate_folio(m: Arg::Mapping, index: Arg::Index, mode: MIGRATE) in PROCESSES as Move
        about Cache Writeback Lru Tmpfs Mapped => run::lru::migrate_folio;
    /// move_pages() of one page of a process.
    migrate_page(p: Arg::Process, addr: Arg::Addr, mode: MIGRATE) in PROCESSES as Move
        about Lru Anon Swap Mapped => run::process::migrate_page;
    /// A memory error in a page frame: a file folio is unmapped and truncated out of its file.
    memory_failure(pfn: Arg::Pfn) in FOLIOS as Scan
        about Cache Lru Anon Tmpfs Mapped => run::lru::memory_failure;
    /// Switch swap off: bring every page back in.
    swapoff() in FOLIOS as Move
        about Swap Tmpfs => run::lru::swapoff;
    /// SIGKILL to the program of a CPU: killable waits of its operation end.
    send_sigkill(cpu: Arg::Cpu) in RICH as Release
        about Cache Swap Tmpfs Mapped => run::lru::send_sigkill;
    /// remap_file_pages() of one page of a shared mapping, not populating it (unless the mapping is mlocked).
    remap_file_pages(p: Arg::Process, addr: Arg::Addr, index: Arg::Index) in NONLINEAR as Map
        about Mapped => run::process::remap_file_pages;
    /// Attach iomap state to a cached page under its lock, as reading and writing it do.
    iomap_page_create(m: Arg::Mapping, index: Arg::Index) in V5_0 as Lookup
        about Cache Writeback => run::file::iomap_page_create;
    /// Release a cached page's private data under its lock, as reclaim and invalidation do.
    try_to_release_page(m: Arg::Mapping, index: Arg::Index) in V5_0 as Lookup
        about Cache Writeback => run::file::try_to_release_page;
    /// Truncate a whole file without the locks of a truncation, as a block device's page cache is.
    kill_bdev(m: Arg::Mapping) in FOLIOS as Remove
        about Cache Writeback => run::file::kill_bdev;
    /// UFFDIO_COPY of one page, where nothing is mapped: anonymous, or in a file of tmpfs.
    uffd_copy(p: Arg::Process, addr: Arg::Addr) in V6_12 as Add
        about Anon Tmpfs => run::process::uffd_copy;
    /// UFFDIO_MOVE of one anonymous page to another address, where nothing is mapped.
    uffd_move(p: Arg::Process, from: Arg::Addr, to: Arg::Addr) in V6_12 as Map
        about Anon Swap => run::process::uffd_move;
    /// Read or write a page of a process as /proc/PID/mem does, whatever the protection of its mapping (FOLL_FORCE).
    proc_mem(p: Arg::Process, addr: Arg::Addr, how: ACCESS) in FOLIOS as Lookup
        about Writeback Anon Swap Mapped => run::process::proc_mem;
    /// A driver takes a page of a process to move it to its device, has no room there, and gives it back.
    migrate_vma(p: Arg::Process, addr: Arg::Addr) in FOLIOS as Move
        about Anon Swap => run::process::migrate_vma;
    /// mincore() of one page: whether it is in memory.
    mincore(p: Arg::Process, addr: Arg::Addr) in FOLIOS as Lookup
        about Swap Tmpfs Mapped => run::process::mincore;
    /// write() one page of a file from a page of process 0, under its i_rwsem.
    filemap_write_from(m: Arg::Mapping, index: Arg::Index, addr: Arg::Addr) in RICH as Add
        about Cache Writeback Anon Tmpfs => run::process::filemap_write_from;
}
