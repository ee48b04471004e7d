use foliofuzz::exec::*; use foliofuzz::san::CheckSet; use foliofuzz::vocab::{Model,Kernel}; use foliofuzz::prog::*; use foliofuzz::sched::*;
use std::collections::BTreeMap;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let kernel = Kernel::parse(&a[1]).unwrap();
    let n: u64 = a[2].parse().unwrap();
    let bugs: u64 = a.get(3).map_or(0, |s| s.parse().unwrap());
    let checks = CheckSet::parse(a.get(4).map_or("all", |s| s)).unwrap();
    let mut model = Model::of(kernel); model.bugs = bugs;
    let mut r = Runner::new(checks);
    let mut x = 0x9E3779B97F4A7C15u64;
    let mut rnd = move || { x ^= x << 13; x ^= x >> 7; x ^= x << 17; x };
    let mut found: BTreeMap<String, (u64, Program)> = BTreeMap::new();
    let t = std::time::Instant::now(); let mut steps = 0u64; let mut gave = 0; let mut last_gave=None;
    for i in 0..n {
        let len = 24 + 4 * (rnd() % 14) as usize;
        let mut b: Vec<u8> = (0..len).map(|_| rnd() as u8).collect();
        if rnd() % 4 != 0 { b[3] = rnd() as u8 | 1; } else { b[3] = 0; b[4] = 0; }
        for c in b[24..].chunks_mut(4) { c[0] %= 0xA0; }
        let p = decode(&b, model);
        for _ in 0..8 {
            let mut s = RandomWalk::new(rnd(), if rnd() % 2 == 0 { 3000 } else { 20000 });
            let seed = rnd(); let _ = seed;
            let run = r.run_with(&p, &mut s);
            steps += run.steps as u64;
            match run.outcome {
                Outcome::Found(f) => { found.entry(format!("{}/{}", f.check, f.kind)).or_insert((i, p.clone())).0 += 0; }
                Outcome::GaveUp(_) => { gave += 1; last_gave = Some(p.clone()); }
                Outcome::Clean => {}
            }
        }
    }
    let e = t.elapsed().as_secs_f64();
    println!("{} execs/s, {:.1} steps/exec, gave up {gave}", (n * 8) as f64 / e, steps as f64 / (n * 8) as f64);
    if let Some(p) = last_gave { println!("{p:?}"); }
    for (k, (i, p)) in found { println!("== {k} at {i}\n{p:?}"); }
}
