//! `ConVul`: the ten models of mryancai/ConVul, `cve-benchmark/`, as PERIOD runs them: without the locks that only force
//! the order that shows the bug. The bug is what an address sanitizer reports: a null pointer, or an object after its end.

use super::{join, spawn_all};
use crate::rt::{Mutex, Obj, Var, check, spawn};

const NULL: i64 = Obj::NULL;

/// An open of a pipe against its release: `i_pipe` is not looked at again under the lock.
pub fn cve_2009_3547() {
    let i_mutex = Mutex::new();
    let i_pipe = Var::new(Obj::alloc().address());
    let opens = spawn(move || {
        i_mutex.lock();
        let pipe = Obj::deref(i_pipe.get());
        pipe.set(pipe.get() + 1);
        i_mutex.unlock();
    });
    let releases = spawn(move || {
        i_mutex.lock();
        i_pipe.set(NULL);
        i_mutex.unlock();
    });
    join([opens, releases]);
}

/// A node of a list whose head is a node, and of a hash chain: `mm_slot` of KSM. A link is the number of a node.
#[derive(Clone, Copy)]
struct Slot {
    next: Var,
    prev: Var,
    hash_next: Var,
    /// Whether it is in a hash chain; false is the null pointer that its removal follows.
    hashed: Var,
    mm: Var,
    rmap_list: Var,
}

const HEAD: i64 = 0;
const SLOT: i64 = 1;
const POISON: i64 = 2;

/// KSM: the list of slots gets empty between the scanner's look at it and its lock, so that it takes the head for a slot.
pub fn cve_2011_2183() {
    const MM: i64 = 1;
    let lock = Mutex::new();
    let slot = |link, hashed, mm| Slot {
        next: Var::new(link),
        prev: Var::new(link),
        hash_next: Var::new(NULL),
        hashed: Var::new(hashed),
        mm: Var::new(mm),
        rmap_list: Var::new(NULL),
    };
    let slots = [slot(SLOT, 0, NULL), slot(HEAD, 1, MM)];
    let [bucket, scan_slot, address, scan_rmap, seqnr] = [SLOT, HEAD, 0, 0, 0].map(Var::new);
    let at = move |link: i64| {
        check(link != POISON);
        slots[link as usize]
    };
    let remove = move |slot: Slot| {
        slot.hash_next.get();
        check(slot.hashed.get() != 0);
        bucket.set(NULL);
        slot.hashed.set(0);
        let (prev, next) = (slot.prev.get(), slot.next.get());
        at(next).prev.set(prev);
        at(prev).next.set(next);
        slot.next.set(POISON);
        slot.prev.set(POISON);
    };
    let scans = spawn(move || {
        if slots[HEAD as usize].next.get() == HEAD {
            return;
        }
        let mut slot = scan_slot.get();
        if slot == HEAD {
            lock.lock();
            slot = at(slot).next.get();
            scan_slot.set(slot);
            lock.unlock();
            address.set(0);
            scan_rmap.set(slot);
        }
        loop {
            at(slot).mm.get();
            lock.lock();
            scan_slot.set(at(slot).next.get());
            if address.get() == 0 {
                remove(at(slot));
            }
            lock.unlock();
            slot = scan_slot.get();
            if slot == HEAD {
                break;
            }
            address.set(0);
            scan_rmap.set(slot);
        }
        seqnr.add(1);
    });
    let exits = spawn(move || {
        lock.lock();
        let slot = bucket.get();
        if slot != NULL && at(slot).mm.get() == MM && scan_slot.get() != slot && at(slot).rmap_list.get() == NULL {
            remove(at(slot));
        }
        lock.unlock();
    });
    join([scans, exits]);
}

/// The user's keyrings: the one is installed before the other, and whoever sees it takes both for there.
pub fn cve_2013_1792() {
    let mutex = Mutex::new();
    let [uid_keyring, session_keyring] = [NULL; 2].map(Var::new);
    let install = move || {
        if uid_keyring.get() != NULL {
            return;
        }
        mutex.lock();
        if uid_keyring.get() == NULL {
            let (uid, session) = (Obj::alloc(), Obj::alloc());
            uid_keyring.set(uid.address());
            session_keyring.set(session.address());
        }
        mutex.unlock();
    };
    let looks_up = spawn(move || {
        if session_keyring.get() == NULL {
            install();
        }
        let key = Obj::deref(session_keyring.get());
        key.set(key.get() + 1);
    });
    let installs = spawn(install);
    join([looks_up, installs]);
}

/// A key is revoked between its validation and its reading.
pub fn cve_2015_7550() {
    let sem = Mutex::new();
    let flags = Var::new(0);
    let keys = Var::new(Obj::alloc().address());
    let reads = spawn(move || {
        if flags.get() == 0 {
            sem.lock();
            Obj::deref(keys.get()).get();
            sem.unlock();
        }
    });
    let revokes = spawn(move || {
        sem.lock();
        flags.set(2);
        keys.set(NULL);
        sem.unlock();
    });
    join([reads, revokes]);
}

/// libvpx: the last waiter frees the lock under others that come late.
pub fn cve_2016_1972() {
    let mutex = Mutex::new();
    let lock = Var::new(Obj::alloc().address());
    let [waiters, done] = [0, 0].map(Var::new);
    let threads = spawn_all(2, move || {
        if done.get() != 0 {
            return;
        }
        waiters.add(1);
        let held = Obj::deref(lock.get());
        held.set(1);
        mutex.lock();
        held.get();
        if done.get() == 0 {
            done.set(1);
        }
        let held = Obj::deref(lock.get());
        held.get();
        mutex.unlock();
        if waiters.add(-1) == 0 {
            let freed = lock.get();
            if freed != NULL {
                Obj::deref(freed).free();
            }
            lock.set(NULL);
        }
    });
    join(threads);
}

/// WebRTC: a reference to an instance that another thread's release destroys, or that is not there yet.
pub fn cve_2016_1973() {
    let [count, instance] = [0, NULL].map(Var::new);
    let get = move || {
        let mut create = count.get() == 0;
        if !create && count.fetch_add(1) == 0 {
            count.fetch_add(-1);
            create = true;
        }
        if create {
            let new = Obj::alloc();
            if count.fetch_add(1) == 0 {
                instance.swap(new.address());
            } else {
                count.fetch_add(-1);
                new.free();
            }
        }
        instance.get()
    };
    let second = spawn(move || {
        Obj::deref(get()).get();
    });
    let first = spawn(move || {
        Obj::deref(get()).get();
        if count.fetch_add(-1) == 1 {
            let old = instance.swap(NULL);
            if old != NULL {
                Obj::deref(old).free();
            }
        }
    });
    join([second, first]);
}

/// The I/O context goes between the look whether there is one and its use.
pub fn cve_2016_7911() {
    let alloc_lock = Mutex::new();
    let io_context = Var::new(Obj::alloc().address());
    let reads = spawn(move || {
        if io_context.get() != NULL {
            Obj::deref(io_context.get()).get();
        }
    });
    let exits = spawn(move || {
        alloc_lock.lock();
        let context = Obj::deref(io_context.get());
        io_context.set(NULL);
        alloc_lock.unlock();
        context.set(context.get() - 1);
    });
    join([reads, exits]);
}

/// Netlink: the buffer of a dump is freed outside the lock, by the pointer that another dump has replaced.
pub fn cve_2016_9806() {
    let mutex = Mutex::new();
    let [skb, size] = [NULL, 1].map(Var::new);
    let threads = spawn_all(2, move || {
        mutex.lock();
        let new = Obj::alloc();
        size.get();
        size.set(size.get() * 4);
        new.set(1);
        skb.set(new.address());
        mutex.unlock();
        Obj::deref(skb.get()).free();
    });
    join(threads);
}

/// The ALSA sequencer: a port that was just created is deleted before its creator has set it up.
pub fn cve_2017_15265() {
    const NEW_PORT: i64 = 1;
    const NONE: i64 = -1;
    let [ports_mutex, ports_lock, use_lock] = [Mutex::new(), Mutex::new(), Mutex::new()];
    // A list of the port that was there and, behind it, the new one, if it is there.
    let [new_in_list, num_ports] = [0, 1].map(Var::new);
    let (old_number, new_number) = (Var::new(0), Var::new(NONE));
    let port = Obj::alloc();
    let creates = spawn(move || {
        new_number.set(NONE);
        ports_mutex.lock();
        ports_lock.lock();
        old_number.get();
        new_in_list.get();
        new_in_list.set(1);
        num_ports.add(1);
        new_number.set(NEW_PORT);
        ports_lock.unlock();
        ports_mutex.unlock();
        port.set(1);
        port.get();
        port.get();
    });
    let deletes = spawn(move || {
        ports_mutex.lock();
        ports_lock.lock();
        old_number.get();
        let found = new_in_list.get() != 0 && new_number.get() == NEW_PORT;
        if found {
            new_in_list.set(0);
            num_ports.add(-1);
        }
        ports_lock.unlock();
        ports_mutex.unlock();
        if found {
            use_lock.lock();
            port.free();
        }
    });
    join([creates, deletes]);
}

/// Packet sockets: two additions to a fanout group share one pointer to what each allocates and frees.
pub fn cve_2017_6346() {
    let fanout_mutex = Mutex::new();
    let rollover = Var::new(NULL);
    let threads = spawn_all(2, move || {
        rollover.set(Obj::alloc().address());
        Obj::deref(rollover.get()).set(0);
        fanout_mutex.lock();
        fanout_mutex.unlock();
        let freed = rollover.get();
        if freed != NULL {
            Obj::deref(freed).free();
        }
        rollover.set(NULL);
    });
    join(threads);
}
