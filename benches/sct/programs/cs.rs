//! `CS`: the programs of mc-imperial/sctbench, `benchmarks/concurrent-software-benchmarks`. What is an atomic section
//! there is a lock here, as in PERIOD's build of them.

use super::{join, spawn_all};
use crate::rt::{Mutex, Thread, Var, check, spawn};

/// `account_bad.c`: deposit and withdrawal are both done, and the balance is not what the check expects.
pub fn account() {
    let m = Mutex::new();
    let [x, y, z] = [1, 2, 4].map(Var::new);
    let balance = Var::new(1);
    let [deposit_done, withdraw_done] = [0, 0].map(Var::new);
    let checks = spawn(move || {
        m.lock();
        if deposit_done.get() != 0 && withdraw_done.get() != 0 {
            check(balance.get() == x.get() - y.get() - z.get());
        }
        m.unlock();
    });
    let deposits = spawn(move || {
        m.lock();
        balance.set(balance.get() + y.get());
        deposit_done.set(1);
        m.unlock();
    });
    let withdraws = spawn(move || {
        m.lock();
        balance.set(balance.get() - z.get());
        withdraw_done.set(1);
        m.unlock();
    });
    join([withdraws, deposits, checks]);
}

/// `bluetooth_driver_bad.c`: the driver stops between the look at the stopping flag and the count of pending I/O.
pub fn bluetooth_driver() {
    let atomic = Mutex::new();
    let pending_io = Var::new(1);
    let [stopping_flag, stopping_event, stopped] = [0, 0, 0].map(Var::new);
    let decrement = move || {
        atomic.lock();
        pending_io.add(-1);
        let left = pending_io.get();
        atomic.unlock();
        if left == 0 {
            stopping_event.set(1);
        }
    };
    let stops = spawn(move || {
        stopping_flag.set(1);
        decrement();
        if stopping_event.get() != 0 {
            stopped.set(1);
        }
    });
    let adds = spawn(move || {
        if stopping_flag.get() == 0 {
            atomic.lock();
            pending_io.add(1);
            atomic.unlock();
            check(stopped.get() == 0);
        }
        decrement();
    });
    join([adds, stops]);
}

/// `carter01_bad.c`: two classes of readers take each other's lock while they hold the one for their counts.
pub fn carter01() {
    let [m, l] = [Mutex::new(), Mutex::new()];
    let class = move |count: Var| {
        move || {
            m.lock();
            count.add(1);
            if count.get() == 1 {
                l.lock();
            }
            m.unlock();
            m.lock();
            count.add(-1);
            if count.get() == 0 {
                l.unlock();
            }
            m.unlock();
        }
    };
    let a = spawn(class(Var::new(0)));
    let b = spawn(class(Var::new(0)));
    let idle: [Thread; 2] = [spawn(|| ()), spawn(|| ())];
    join([a, b]);
    join(idle);
}

/// `circular_buffer_bad.c`: the receiver counts its rounds, not what it received.
pub fn circular_buffer() {
    const SIZE: usize = 10;
    const ROUNDS: i64 = 7;
    const ERROR: i64 = -1;
    let m = Mutex::new();
    let buffer = Var::array(SIZE, 0);
    let [first, next, size] = [0, 0, SIZE as i64].map(Var::new);
    let [send, receive] = [1, 0].map(Var::new);
    let remove = move || {
        check(first.get() >= 0);
        if next.get() > 0 && first.get() < size.get() {
            first.add(1);
            buffer.at(first.get() - 1).get()
        } else {
            ERROR
        }
    };
    let insert = move |value| {
        if next.get() < size.get() && size.get() > 0 {
            buffer.at(next.get()).set(value);
            next.set((next.get() + 1) % size.get());
            check(next.get() < size.get());
        }
    };
    let sends = spawn(move || {
        for i in 0..ROUNDS {
            m.lock();
            if send.get() != 0 {
                insert(i);
                send.set(0);
                receive.set(1);
            }
            m.unlock();
        }
    });
    let receives = spawn(move || {
        for i in 0..ROUNDS {
            m.lock();
            if receive.get() != 0 {
                check(remove() == i);
                receive.set(0);
                send.set(1);
            }
            m.unlock();
        }
    });
    join([sends, receives]);
}

/// `deadlock01_bad.c`: two locks in two orders.
pub fn deadlock01() {
    let [a, b] = [Mutex::new(), Mutex::new()];
    let counter = Var::new(1);
    let both = move |first: Mutex, second: Mutex, by| {
        move || {
            first.lock();
            second.lock();
            counter.add(by);
            second.unlock();
            first.unlock();
        }
    };
    join([spawn(both(a, b, 1)), spawn(both(b, a, -1))]);
}

/// `lazy01_bad.c`: the third thread comes after the two others.
pub fn lazy01() {
    let m = Mutex::new();
    let data = Var::new(0);
    let adds = move |by| {
        move || {
            m.lock();
            data.add(by);
            m.unlock();
        }
    };
    let threads = [
        spawn(adds(1)),
        spawn(adds(2)),
        spawn(move || {
            m.lock();
            check(data.get() < 3);
            m.unlock();
        }),
    ];
    join(threads);
}

/// `queue_bad.c`: the consumer counts its rounds, not what it took.
pub fn queue() {
    const SIZE: i64 = 20;
    let m = Mutex::new();
    let elements = Var::array(SIZE as usize + 1, 0);
    let stored = Var::array(SIZE as usize, 0);
    let [head, tail, amount] = [0, 0, 0].map(Var::new);
    let [enqueue_flag, dequeue_flag] = [1, 0].map(Var::new);
    let advance = move |end: Var| {
        if end.get() == SIZE {
            end.set(1);
        } else {
            end.add(1);
        }
    };
    let enqueue = move |value| {
        elements.at(tail.get()).set(value);
        amount.add(1);
        advance(tail);
    };
    let dequeue = move || {
        let value = elements.at(head.get()).get();
        amount.add(-1);
        advance(head);
        value
    };
    let produces = spawn(move || {
        let mut value = 0;
        m.lock();
        enqueue(value);
        stored.at(0).set(value);
        check(head.get() != tail.get());
        m.unlock();
        for i in 0..SIZE - 1 {
            m.lock();
            if enqueue_flag.get() != 0 {
                value += 1;
                enqueue(value);
                stored.at(i + 1).set(value);
                enqueue_flag.set(0);
                dequeue_flag.set(1);
            }
            m.unlock();
        }
    });
    let consumes = spawn(move || {
        for i in 0..SIZE {
            m.lock();
            if dequeue_flag.get() != 0 {
                check(dequeue() == stored.at(i).get());
                dequeue_flag.set(0);
                enqueue_flag.set(1);
            }
            m.unlock();
        }
    });
    join([produces, consumes]);
}

/// `reorder_N_bad.c`: a check sees one of two stores.
pub fn reorder<const SET: usize, const CHECK: usize>() {
    let [a, b] = [0, 0].map(Var::new);
    let sets = spawn_all(SET, move || {
        a.set(1);
        b.set(-1);
    });
    let checks = spawn_all(CHECK, move || {
        check((a.get() == 0 && b.get() == 0) || (a.get() == 1 && b.get() == -1));
    });
    join(sets);
    join(checks);
}

/// `stack_bad.c`: more is taken than was put, since the flag stays set.
pub fn stack() {
    const SIZE: i64 = 10;
    let m = Mutex::new();
    let elements = Var::array(SIZE as usize, 0);
    let [top, flag] = [0, 0].map(Var::new);
    let push = move |value| {
        if top.get() == SIZE {
            return false;
        }
        elements.at(top.get()).set(value);
        top.add(1);
        true
    };
    let pop = move || {
        if top.get() == 0 {
            return false;
        }
        top.add(-1);
        elements.at(top.get()).get();
        true
    };
    let pushes = spawn(move || {
        for i in 0..SIZE {
            m.lock();
            check(push(i));
            flag.set(1);
            m.unlock();
        }
    });
    let pops = spawn(move || {
        for _ in 0..SIZE {
            m.lock();
            if flag.get() != 0 {
                check(pop());
            }
            m.unlock();
        }
    });
    join([pushes, pops]);
}

/// `token_ring_bad.c`: a value is handed on in another order than round the ring.
pub fn token_ring() {
    let atomic = Mutex::new();
    let [x1, x2, x3] = [1, 2, 1].map(Var::new);
    let [flag1, flag2, flag3] = [0, 0, 0].map(Var::new);
    let threads = [
        spawn(move || {
            atomic.lock();
            x1.set((x3.get() + 1) % 4);
            flag1.set(1);
            atomic.unlock();
        }),
        spawn(move || {
            atomic.lock();
            x2.set(x1.get());
            flag2.set(1);
            atomic.unlock();
        }),
        spawn(move || {
            atomic.lock();
            x3.set(x2.get());
            flag3.set(1);
            atomic.unlock();
        }),
        spawn(move || {
            atomic.lock();
            if flag1.get() != 0 && flag2.get() != 0 && flag3.get() != 0 {
                check(x1.get() == x2.get() && x2.get() == x3.get());
            }
            atomic.unlock();
        }),
    ];
    join(threads);
}

/// `twostage_N_bad.c`: the second of two values follows the first under another lock.
pub fn twostage<const WRITE: usize, const READ: usize>() {
    let [lock1, lock2] = [Mutex::new(), Mutex::new()];
    let [data1, data2] = [0, 0].map(Var::new);
    let writes = spawn_all(WRITE, move || {
        lock1.lock();
        data1.set(1);
        lock1.unlock();
        lock2.lock();
        data2.set(data1.get() + 1);
        lock2.unlock();
    });
    let reads = spawn_all(READ, move || {
        lock1.lock();
        if data1.get() == 0 {
            lock1.unlock();
            return;
        }
        let first = data1.get();
        lock1.unlock();
        lock2.lock();
        let second = data2.get();
        lock2.unlock();
        check(second == first + 1);
    });
    join(writes);
    join(reads);
}

/// `wronglock_N_bad.c`: one variable under two locks.
pub fn wronglock<const OTHERS: usize>() {
    let [data_lock, this_lock] = [Mutex::new(), Mutex::new()];
    let data = Var::new(0);
    let one = spawn(move || {
        data_lock.lock();
        let x = data.get();
        data.add(1);
        check(data.get() == x + 1);
        data_lock.unlock();
    });
    let others = spawn_all(OTHERS, move || {
        this_lock.lock();
        data.add(1);
        this_lock.unlock();
    });
    one.join();
    join(others);
}
