//! Steps in kernel words.

use crate::machine::Step;
use crate::vocab::*;

/// One step: what was done, and what came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Words {
    pub text: String,
    /// `[ref 2->1]`, `[fail]`, `-> m0`; may be empty.
    pub result: String,
}

impl Words {
    fn new(text: impl Into<String>, result: impl Into<String>) -> Words {
        Words { text: text.into(), result: result.into() }
    }

    /// Both, on one line.
    pub fn line(&self) -> String {
        if self.result.is_empty() { self.text.clone() } else { format!("{}  {}", self.text, self.result) }
    }
}

/// Functions of `mm` so small that a diagram shows them as one step.
const LEAVES: &[&str] = &[
    "folio_put",
    "put_page",
    "folio_put_refs",
    "folios_put_refs",
    "release_pages",
    "folio_unlock",
    "unlock_page",
    "folio_lock",
    "lock_page",
    "i_callback",
    "folio_alloc",
    "free_pages_prepare",
    "page_add_file_rmap",
    "page_remove_rmap",
    "folio_add_file_rmap_pte",
    "folio_add_anon_rmap_pte",
    "folio_add_new_anon_rmap",
    "folio_remove_rmap_pte",
    "folio_dup_file_rmap_pte",
];

/// Whether a function is shown as one step.
pub(super) fn is_leaf(name: &str) -> bool {
    LEAVES.contains(&name)
}

/// A page flag's name. Bit 11 is an anonymous folio's wherever the model uses it.
fn flag_name((bit, name): &(u64, &'static str)) -> &'static str {
    if *bit == PG_ANON_EXCLUSIVE { "anon_exclusive" } else { name }
}

/// The names of a set of page flags, joined by `|`.
pub fn flag_names(bits: u64) -> String {
    let names = PAGE_FLAG_NAMES.iter().filter(|(b, _)| bits & b != 0).map(flag_name);
    names.collect::<Vec<_>>().join("|")
}

/// `PG_lru|PG_dirty`.
pub(super) fn pg_names(bits: u64) -> String {
    let names = PAGE_FLAG_NAMES.iter().filter(|(b, _)| bits & b != 0).map(|f| format!("PG_{}", flag_name(f)));
    let s = names.collect::<Vec<_>>().join("|");
    if s.is_empty() { format!("{bits:#x}") } else { s }
}

/// The value of `folio->mapping`.
pub(super) fn mapping_name(word: u64) -> String {
    match as_file_mapping(word) {
        Some((m, 0)) => format!("m{m}"),
        Some((m, generation)) => format!("m{m}'{generation}"),
        None if word == 0 => "NULL".to_string(),
        None => as_anon_mapping(word).map_or("anon".to_string(), |av| format!("anon av{av}")),
    }
}

/// First virtual page of a VMA and the one after the last: the low bytes of its `vm_place`.
pub(super) fn vma_pages(word: u64) -> (usize, usize) {
    ((word & 0xff) as usize, (word >> 8 & 0xff) as usize)
}

/// The value of `vm_place`: `0..2 anon`, `2..4 m1 from 2`.
pub(super) fn vma_place_name(word: u64) -> String {
    let (start, end) = vma_pages(word);
    match (word >> 24 & 0xff).checked_sub(1) {
        Some(m) => format!("{start}..{end} m{m} from {}", word >> 16 & 0xff),
        None => format!("{start}..{end} anon"),
    }
}

/// The value of `vm_flags`.
pub(super) fn vm_flag_names(bits: u64) -> String {
    let names = [
        (VM_READ, "VM_READ"),
        (VM_WRITE, "VM_WRITE"),
        (VM_SHARED, "VM_SHARED"),
        (VM_LOCKED, "VM_LOCKED"),
        (VM_IO, "VM_IO"),
        (VM_DROPPABLE, "VM_DROPPABLE"),
        (VM_NONLINEAR, "VM_NONLINEAR"),
    ];
    set_names(bits, &names)
}

/// A swap_map byte: `2`, `1|cache`, `shmem` for the entry in a file of tmpfs.
pub(super) fn swap_map_name(byte: u64) -> String {
    let cache = if byte & SWAP_HAS_CACHE != 0 { "|cache" } else { "" };
    match byte & SWAP_COUNT {
        SWAP_MAP_SHMEM => format!("shmem{cache}"),
        count => format!("{count}{cache}"),
    }
}

pub(super) fn set_names(bits: u64, names: &[(u64, &'static str)]) -> String {
    let set: Vec<&str> = names.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name).collect();
    if set.is_empty() { "0".to_string() } else { set.join("|") }
}

/// The value of a cell that is neither flags nor a count nor a pointer to a folio; `None` to show the number.
pub(super) fn value_name(field: Field, word: u64) -> Option<String> {
    let list = |prefix: &str| {
        let names: Vec<String> = Seq(word).iter().map(|i| format!("{prefix}{i}")).collect();
        if names.is_empty() { "empty".to_string() } else { names.join(" ") }
    };
    Some(match field {
        Field::PteCell => pte_name(Pte(word)),
        Field::MmVmas | Field::IMmap | Field::IMmapNonlinear | Field::AvTree => list("vma"),
        Field::VmFlags => vm_flag_names(word),
        Field::VmPlace => vma_place_name(word),
        Field::VmAnonVma => word.checked_sub(1).map_or("NULL".to_string(), |av| format!("av{av}")),
        Field::AvRoot => format!("av{}", word & 0xff),
        Field::SwapMap => swap_map_name(word),
        Field::Content | Field::Disk if word == 0 => "zeros".to_string(),
        Field::Content | Field::Disk => format!("version {word}"),
        Field::BufferState | Field::IfsState => {
            set_names(word, &[(BH_UPTODATE, "uptodate"), (BH_DIRTY, "dirty"), (BH_LOCK, "locked")])
        }
        Field::ISize => format!("{word} pages"),
        Field::FreeList | Field::LruList | Field::FBatch => list("F"),
        Field::ShmemSwaplist => list("m"),
        _ => return None,
    })
}

/// `p0 page 1`, for mm << 8 | vaddr.
fn user(aux: u32) -> String {
    format!("p{} page {}", aux >> 8 & 0xff, aux & 0xff)
}

/// `m0 page 1`, for m << 8 | index; the space after the files is swap.
fn block(aux: u32) -> String {
    match (aux >> 8 & 0xff) as usize {
        SWAP_SPACE => format!("swap slot {}", aux & 0xff),
        m => format!("m{m} page {}", aux & 0xff),
    }
}

/// A page-table entry: `F3 rw dirty young`, or as its own text says.
pub(super) fn pte_name(pte: Pte) -> String {
    let Some(pfn) = pte.page() else { return pte.to_string() };
    let word = |on: bool, word: &'static str| if on { word } else { "" };
    let access = if pte.is_writable() { "rw" } else { "ro" };
    format!("F{pfn} {access}{}{}", word(pte.is_dirty(), " dirty"), word(pte.is_young(), " young"))
}

/// An access to page contents, in the words of who makes it.
fn content(e: &Event) -> Option<Words> {
    let f = e.obj.as_folio().map_or_else(|| e.obj.to_string(), |f| format!("F{f}"));
    let value = |word| value_name(Field::Content, word).unwrap_or_default();
    let (read, wrote) = (format!("-> {}", value(e.old)), value(e.new));
    Some(match e.note {
        Note::UserRead => Words::new(format!("{} read in {f}", user(e.aux)), read),
        Note::UserWrite => Words::new(format!("{} written in {f}", user(e.aux)), format!("[{wrote}]")),
        Note::FileRead => Words::new(format!("read() of {} from {f}", block(e.aux)), read),
        Note::FileWrite => Words::new(format!("write() of {} to {f}", block(e.aux)), format!("[{wrote}]")),
        Note::PinRead => Words::new(format!("device reads {f}, pinned at {}", user(e.aux)), read),
        Note::PinWrite => Words::new(format!("device writes {f}, pinned at {}", user(e.aux)), format!("[{wrote}]")),
        Note::ContentCopy if e.aux == 0 => Words::new(format!("clear {f}"), ""),
        Note::ContentCopy => Words::new(format!("copy F{} to {f}", e.aux - 1), format!("[{wrote}]")),
        Note::WriteOut => Words::new(format!("device writes F{} to {}", e.aux, e.obj), format!("[{wrote}]")),
        Note::ReadIn => Words::new(format!("device reads {} into {f}", block(e.aux)), format!("[{wrote}]")),
        _ => return None,
    })
}

/// A write of a page-table entry.
fn pte(step: &Step) -> Words {
    let e = &step.event;
    let (old, new) = (Pte(e.old), Pte(e.new));
    match e.kind {
        Kind::Store | Kind::Rmw if e.note == Note::PteWrite => {
            Words::new(format!("{} = {}", e.obj, pte_name(new)), format!("[was {}]", pte_name(old)))
        }
        Kind::RmwFail => {
            Words::new(format!("{}({})", verb(step, "update"), e.obj), format!("[fault: {}]", pte_name(old)))
        }
        _ => Words::new(format!("{}({})", verb(step, "ptep_get"), e.obj), format!("-> {}", pte_name(old))),
    }
}

/// The value of a page-cache slot.
pub(super) fn slot_name(word: u64) -> String {
    match word.checked_sub(1) {
        // A value entry, as eviction leaves behind, or tmpfs when it swaps out.
        _ if word == 1 << 63 => "shadow".to_string(),
        _ if word >> 63 != 0 => format!("swap {}", (word & !(1 << 63)) - 1),
        Some(f) => format!("F{f}"),
        None => "NULL".to_string(),
    }
}

/// The object as diagrams name it; locks outside structures go by their own name.
pub(super) fn obj_name(obj: Obj) -> String {
    match obj.field() {
        Field::LruLock => "lru_lock".to_string(),
        Field::XaLock if obj.place().index as usize == MAPPINGS => "swap_space->i_pages.xa_lock".to_string(),
        Field::XaLock => format!("m{}->i_pages.xa_lock", obj.place().index),
        Field::SwapLock | Field::DrainLock => obj.field().name().to_string(),
        _ => obj.to_string(),
    }
}

/// Names of the LRU lists.
const LISTS: [&str; LRU_LISTS] = ["inactive_anon", "active_anon", "inactive_file", "active_file", "unevictable"];

pub(super) fn list_name(list: u32) -> &'static str {
    LISTS.get(list as usize).copied().unwrap_or("lru")
}

/// Whom a reference is taken for, or was held by.
pub(super) fn owner_word(e: &Event) -> Option<&'static str> {
    if !matches!(e.note, Note::RefPut | Note::RefSub | Note::RefGet | Note::RefTryGet | Note::RefSet) {
        return None;
    }
    let (owner, _, _) = Owner::from_aux(e.aux);
    (e.kind != Kind::RmwFail).then(|| owner.name())
}

/// Describes a step.
pub(super) fn describe(step: &Step) -> Words {
    let e = &step.event;
    if e.kind == Kind::Note {
        return note(e);
    }
    if let Some(words) = content(e) {
        return words;
    }
    match e.obj.field() {
        Field::PteCell => pte(step),
        Field::Refcount => refcount(step),
        Field::Flags => flags(step),
        Field::FolioMapping if e.wrote() => Words::new(format!("{} = {}", e.obj, mapping_name(e.new)), ""),
        Field::FolioMapping => Words::new(format!("mapping = {}", e.obj), format!("-> {}", mapping_name(e.old))),
        Field::Slot if e.wrote() => Words::new(format!("{} = {}", e.obj, slot_name(e.new)), ""),
        Field::Slot => Words::new(format!("{}({})", verb(step, "xas_load"), e.obj), format!("-> {}", slot_name(e.old))),
        Field::Mapcount if e.wrote() => mapcount(step),
        Field::Index if e.wrote() => Words::new(format!("{} = {}", e.obj, e.new), format!("[was {}]", e.old)),
        Field::Index => Words::new(e.obj.to_string(), format!("-> {}", e.old)),
        Field::VmFlags if e.wrote() => Words::new(format!("{} = {}", e.obj, vm_flag_names(e.new)), ""),
        Field::NrMlock if e.wrote() => Words::new("NR_MLOCK", format!("[{}->{}]", e.old as i64, e.new as i64)),
        Field::IState if e.note == Note::InodeFreed => Words::new(format!("inode m{} freed", e.obj.place().index), ""),
        Field::SwapMap if e.note == Note::SwapFreed => Words::new("swap map and swap cache freed", ""),
        Field::IState if e.wrote() => {
            let state = [(I_FREEING, "I_FREEING"), (I_CLEAR, "I_CLEAR")];
            let names = state.iter().filter(|s| e.new & s.0 != 0).map(|s| s.1).collect::<Vec<_>>().join("|");
            Words::new(format!("{} = {}", e.obj, if names.is_empty() { "0" } else { &names }), "")
        }
        field if is_count(field) && e.wrote() => {
            Words::new(e.obj.to_string(), format!("[{}->{}]", e.old as i64, e.new as i64))
        }
        field if value_name(field, 0).is_some() => {
            let value = |word| value_name(field, word).unwrap_or_default();
            match e.kind {
                Kind::Store | Kind::Rmw => Words::new(format!("{} = {}", e.obj, value(e.new)), ""),
                _ => Words::new(e.obj.to_string(), format!("-> {}", value(e.old))),
            }
        }
        _ => match e.kind {
            Kind::Lock | Kind::LockShared | Kind::Unlock | Kind::UnlockShared => {
                Words::new(format!("{}({})", lock_verb(e), obj_name(e.obj)), "")
            }
            Kind::RmwFail if is_lock(e.obj) => Words::new(format!("{}({})", lock_verb(e), obj_name(e.obj)), "[fail]"),
            Kind::Barrier => Words::new("barrier", ""),
            Kind::Store => Words::new(format!("{} = {:#x}", e.obj, e.new), ""),
            Kind::Rmw => Words::new(e.obj.to_string(), format!("[{:#x}->{:#x}]", e.old, e.new)),
            Kind::RmwFail => Words::new(e.obj.to_string(), "[fail]"),
            _ => Words::new(e.obj.to_string(), ""),
        },
    }
}

/// Whether the cell counts something: shown as what it was and is.
fn is_count(field: Field) -> bool {
    matches!(
        field,
        Field::Mapcount
            | Field::ICount
            | Field::FCount
            | Field::NrPages
            | Field::MmUsers
            | Field::AvRefcount
            | Field::MlockCount
            | Field::BufferCount
            | Field::IfsPending
            | Field::LruDisable
            | Field::DrainGen
            | Field::NrMlock
            | Field::WriteProtectSeq
    )
}

/// Whether the lock is one that tasks sleep for.
fn is_sem(field: Field) -> bool {
    matches!(
        field,
        Field::IRwsem | Field::InvalidateLock | Field::IMmapRwsem | Field::MmapLock | Field::AvRwsem | Field::DrainLock
    )
}

/// Whether the object is a lock.
pub(super) fn is_lock(obj: Obj) -> bool {
    matches!(
        obj.field(),
        Field::XaLock
            | Field::ILock
            | Field::LruLock
            | Field::QueueLock
            | Field::LocalLock
            | Field::IPrivateLock
            | Field::SwapLock
            | Field::Ptl
    ) || is_sem(obj.field())
}

/// What the kernel calls the operation on a lock: the primitive the event was made in, if its name tells.
fn lock_verb(e: &Event) -> &'static str {
    let sem = is_sem(e.obj.field());
    let (verb, unlock) = match (e.kind, sem) {
        (Kind::Unlock, false) | (Kind::UnlockShared, false) => ("spin_unlock", true),
        (Kind::Unlock, true) => ("up_write", true),
        (Kind::UnlockShared, true) => ("up_read", true),
        (Kind::LockShared, true) => ("down_read", false),
        (Kind::RmwFail, true) => ("down_read_trylock", false),
        (Kind::RmwFail, false) => ("spin_trylock", false),
        (_, true) => ("down_write", false),
        _ => ("spin_lock", false),
    };
    let label = e.site.label.name;
    let spin = label.starts_with("spin_") && label.contains("unlock") == unlock;
    if spin && !sem { label } else { verb }
}

/// The name of the function or primitive a step is: a leaf function, else the primitive, else `default`.
fn verb<'a>(step: &Step, default: &'a str) -> &'a str {
    let leaf = step.stack.last().map(|f| f.name).filter(|n| is_leaf(n));
    let label = step.event.site.label.name;
    let field = step.event.obj.field().name();
    leaf.unwrap_or(if label == field || label.is_empty() { default } else { label })
}

fn refcount(step: &Step) -> Words {
    let e = &step.event;
    let (old, new) = (e.old as i64, e.new as i64);
    let change = format!("[ref {old}->{new}]");
    let f = e.obj.place().index;
    let nr = e.aux >> 16;
    let of = if nr > 1 { format!("F{f}, {nr}") } else { format!("F{f}") };
    let failed = e.kind == Kind::RmwFail;
    match e.note {
        Note::RefGet => Words::new(format!("{}({of})", verb(step, "folio_get")), change),
        Note::RefTryGet => {
            let result = if failed { format!("[fail, ref {old}]") } else { change };
            Words::new(format!("{}({of})", verb(step, "folio_try_get")), result)
        }
        Note::RefPut => Words::new(format!("{}({of})", verb(step, "folio_put")), change),
        Note::RefSub => Words::new(format!("{}({of})", verb(step, "folio_ref_sub")), change),
        Note::RefSet => Words::new(format!("{}(F{f})", verb(step, "set_page_refcounted")), change),
        Note::RefFreeze => {
            let want = e.aux;
            let ok = format!("[ok, ref {old}->{new}]");
            let result = if failed { format!("[fail, ref {old} != {want}]") } else { ok };
            Words::new(format!("folio_ref_freeze(F{f}, {want})"), result)
        }
        Note::RefUnfreeze => Words::new(format!("folio_ref_unfreeze(F{f}, {new})"), change),
        _ if e.wrote() => Words::new(e.obj.to_string(), change),
        _ => Words::new(format!("folio_ref_count(F{f})"), format!("-> {old}")),
    }
}

fn mapcount(step: &Step) -> Words {
    let e = &step.event;
    let change = format!("[mapcount {}->{}]", e.old as i64, e.new as i64);
    Words::new(format!("{}(F{})", verb(step, "_mapcount"), e.obj.place().index), change)
}

fn flags(step: &Step) -> Words {
    let e = &step.event;
    let f = e.obj.place().index;
    let bits = e.aux as u64;
    let was = |bits: u64| (e.old & bits != 0) as u8;
    match e.note {
        Note::FolioTrylock => {
            let result = if e.kind == Kind::RmwFail { "[fail]" } else { "[ok]" };
            Words::new(format!("folio_trylock(F{f})"), result)
        }
        Note::FolioUnlock => Words::new(format!("folio_unlock(F{f})"), ""),
        Note::FolioHandoff => {
            let result = if e.kind == Kind::RmwFail { "[fail]" } else { "" };
            Words::new(format!("hand PG_locked of F{f} to CPU{}", e.aux), result)
        }
        Note::TestFlag => Words::new(format!("F{f}->flags & {}", pg_names(bits)), format!("-> {}", was(bits))),
        Note::SetFlag | Note::ClearFlag => {
            let set = e.note == Note::SetFlag;
            let default = if set { "set_bit" } else { "clear_bit" };
            let result = format!("[{} {}->{}]", pg_names(bits), was(bits), set as u8);
            Words::new(format!("{}(F{f})", verb(step, default)), result)
        }
        Note::TestAndSetFlag | Note::TestAndClearFlag => {
            let set = e.note == Note::TestAndSetFlag;
            let default = if set { "test_and_set_bit" } else { "test_and_clear_bit" };
            let result = format!("[{} {}->{}]", pg_names(bits), was(bits), set as u8);
            Words::new(format!("{}(F{f})", verb(step, default)), result)
        }
        Note::NonAtomicFlag if e.wrote() => {
            let changed = e.old ^ e.new;
            let result = match changed {
                0 => String::new(),
                _ => format!("[{} {}->{}]", pg_names(changed), was(changed), (e.new & changed != 0) as u8),
            };
            Words::new(format!("{}(F{f})", verb(step, "__set_bit")), result)
        }
        _ if e.wrote() => Words::new(format!("{} = {}", e.obj, pg_names(e.new)), ""),
        _ => Words::new(format!("read {}", e.obj), ""),
    }
}

/// A bit number of a wait.
fn bit_name(bit: u32) -> String {
    pg_names(1u64.checked_shl(bit).unwrap_or(0))
}

fn note(e: &Event) -> Words {
    let f = e.obj.as_folio().map_or_else(|| "-".to_string(), |f| format!("F{f}"));
    let owner = |aux: u32| Owner::from_aux(aux).0.name();
    match e.note {
        Note::RefInit => Words::new(format!("{f} starts with {} of {}", (e.aux >> 16).max(1), owner(e.aux)), ""),
        Note::RefTransfer => Words::new(format!("reference of {f}: {} -> {}", owner(e.aux), owner(e.aux >> 16)), ""),
        Note::RefDiscard => Words::new(format!("reference of {f} ends: {}", owner(e.aux)), ""),
        Note::FolioAlloc => Words::new(format!("{f} allocated"), ""),
        Note::FolioFree => Words::new(format!("{f} freed"), ""),
        Note::LruAdd => Words::new(format!("{f} added to {}", list_name(e.aux)), ""),
        Note::LruDel => Words::new(format!("{f} taken off {}", list_name(e.aux)), ""),
        Note::PrivateAdd => Words::new(format!("{f} linked on a private list"), ""),
        Note::PrivateDel => Words::new(format!("{f} taken off its private list"), ""),
        Note::BatchAdd => Words::new(format!("{f} in the lru_add batch"), ""),
        Note::BatchFiled => Words::new(format!("{f} filed from the lru_add batch"), ""),
        Note::BatchMark => Words::new(format!("{f} in the {} batch", batch_name(e.aux)), ""),
        Note::BatchDone => Words::new(format!("{f} out of the {} batch", batch_name(e.aux)), ""),
        Note::VmaAlloc => Words::new(format!("vma{} allocated", e.aux), ""),
        Note::VmaFree => Words::new(format!("vma{} freed", e.aux), ""),
        Note::AnonVmaAlloc => Words::new(format!("av{} allocated", e.aux), ""),
        Note::AnonVmaFree => Words::new(format!("av{} freed", e.aux), ""),
        Note::FileDiscard => Words::new(format!("contents of {} discarded", block(e.aux)), ""),
        Note::AnonDiscard => Words::new(format!("contents of {} discarded", user(e.aux)), ""),
        Note::AnonLazyFree => Words::new(format!("contents of {} free to go", user(e.aux)), ""),
        Note::AnonAlias => Words::new(format!("{} shares {}", user(e.aux >> 16), user(e.aux & 0xffff)), ""),
        Note::UserFill => Words::new(format!("{} filled in {f}", user(e.aux)), ""),
        Note::MigrateCopy => Words::new(format!("migration copies {f} to F{}", e.aux), ""),
        Note::MigrateSuccess => Words::new(format!("{f} migrated to F{}", e.aux), ""),
        Note::MigrateAgain => Words::new(format!("{f} is not moved"), format!("[expected ref {}]", e.aux)),
        Note::MigrateGiveUp => Words::new(format!("migration gives {f} up"), ""),
        Note::PinDone => Words::new(format!("{f} pinned at {}", user(e.aux)), ""),
        Note::PinDrop => Words::new(format!("{f} to be unpinned"), ""),
        Note::MunlockMissed => Words::new(format!("munlock missed {f}: PG_lru was clear"), ""),
        Note::MunlockBegin => Words::new(format!("munlock of vma{} begins", e.aux), ""),
        Note::MunlockEnd => Words::new(format!("munlock of vma{} ends", e.aux), ""),
        Note::IoSubmit => Words::new(format!("I/O of {f} submitted"), ""),
        Note::TruncateEnd => Words::new(format!("m{} truncated to {} pages", e.aux >> 8, e.aux & 0xff), ""),
        Note::SignalReceived => Words::new("fatal signal received", ""),
        Note::TryLock => Words::new(format!("try {}", obj_name(e.obj)), ""),
        Note::Woken => Words::new(format!("task {} woken", e.aux), ""),
        Note::FolioWait => Words::new(format!("wait for {} of {f}", bit_name(e.aux & 0xff)), "[sleeps]"),
        Note::Blocked if is_lock(e.obj) => {
            let verb = if is_sem(e.obj.field()) { lock_wait(e) } else { lock_verb(e) };
            Words::new(format!("{verb}({})", obj_name(e.obj)), "[waits]")
        }
        Note::Blocked => Words::new("sleep", ""),
        Note::NullDeref => Words::new("NULL mapping dereferenced", ""),
        Note::InodePin => Words::new(format!("inode m{} pinned", e.aux), ""),
        Note::InodeUnpin => Words::new(format!("inode m{} unpinned", e.aux), ""),
        Note::InodeClear => Words::new(format!("inode m{} is empty", e.aux), ""),
        Note::RcuReadLock => Words::new("rcu_read_lock()", ""),
        Note::RcuReadUnlock => Words::new("rcu_read_unlock()", ""),
        Note::IrqOff => Words::new("local_irq_disable()", ""),
        Note::IrqOn => Words::new("local_irq_enable()", ""),
        Note::PreemptOff => Words::new("preempt_disable()", ""),
        Note::PreemptOn => Words::new("preempt_enable()", ""),
        Note::MightSleep => Words::new("might_sleep()", ""),
        Note::VmBug => Words::new(format!("VM_BUG_ON({})", vm_bug(e.aux, &f)), ""),
        Note::Outcome => {
            let f = e.aux >> 8;
            match e.aux & 0xff {
                o if o == Outcome::Isolated as u32 => Words::new(format!("F{f} is isolated"), ""),
                _ => Words::new(format!("F{f} is not isolated"), "[-EBUSY]"),
            }
        }
        Note::CallRcu => Words::new(format!("call_rcu(inode m{})", e.aux), ""),
        Note::LockAsserted => Words::new(format!("{f} is locked, as it must be"), ""),
        Note::Quiescent => Words::new("(all operations are over)", ""),
        Note::Deadlock => Words::new("(every task is blocked)", ""),
        Note::NoProgress => Words::new("(every task spins or is blocked)", ""),
        Note::OpBegin => Words::new("(operation begins)", ""),
        Note::OpEnd => Words::new("(operation ends)", op_result(e.aux >> 8)),
        Note::SetupDone => Words::new("(set-up done)", ""),
        other => Words::new(format!("{other:?} {f}"), ""),
    }
}

/// What the kernel's assertion says of folio `f`, where that is one test; else what it is about.
fn vm_bug(code: u32, f: &str) -> String {
    let Some(bug) = VmBug::ALL.into_iter().find(|b| *b as u32 == code) else { return "?".to_string() };
    match bug {
        _ if f == "-" => bug.name().to_string(),
        VmBug::NotLocked => format!("!PageLocked({f})"),
        VmBug::LruSet => format!("PageLRU({f})"),
        VmBug::LruClear => format!("!PageLRU({f})"),
        VmBug::RefZero => format!("page_ref_count({f}) == 0"),
        VmBug::Mapped => format!("page_mapped({f})"),
        VmBug::ActiveUnevictable => format!("PageActive({f}) && PageUnevictable({f})"),
        VmBug::WrongIndex => format!("!folio_contains({f}, index)"),
        VmBug::SwapBacked => format!("PageSwapBacked({f})"),
        VmBug::Writeback => format!("PageWriteback({f})"),
        VmBug::NoWriteback => format!("!PageWriteback({f})"),
        VmBug::Private => format!("PagePrivate({f})"),
        VmBug::Active => format!("PageActive({f})"),
        _ => format!("{}: {f}", bug.name()),
    }
}

/// A batch by its number, in the order of `struct cpu_fbatches`.
pub(super) fn batch_name(batch: u32) -> &'static str {
    const NAMES: [&str; 7] =
        ["lru_add", "lru_move_tail", "lru_deactivate_file", "lru_deactivate", "lru_lazyfree", "lru_activate", "mlock"];
    NAMES.get(batch as usize).copied().unwrap_or("?")
}

/// What came of an operation, where it is worth saying.
fn op_result(result: u32) -> &'static str {
    match result {
        1 => "[nothing there]",
        2 => "[refused]",
        _ => "",
    }
}

fn lock_wait(e: &Event) -> &'static str {
    if e.aux == 1 { "down_read" } else { "down_write" }
}
