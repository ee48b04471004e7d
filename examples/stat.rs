use foliofuzz::campaign::*; use foliofuzz::prog::*; use foliofuzz::vocab::*; use foliofuzz::ops::TABLE;
fn main() {
    let mut m = Model::of(Kernel::V4_14); m.bugs = 0x11;
    let mut c = [0u64; 8]; let n = 200000;
    for seed in 0..n {
        let mut buf = vec![0u8; 88];
        let size = mutate(&mut buf, 0, 88, seed as u32, &mut |_, s, _| s);
        let p = decode(&buf[..size], m);
        let all: Vec<(usize, Op)> = p.cpus.iter().enumerate().flat_map(|(c, o)| o.iter().map(move |o| (c, *o))).collect();
        let name = |o: &Op| TABLE[o.code as usize].name;
        if all.is_empty() { continue } c[0] += 1;
        let hold = all.iter().filter(|(_, o)| name(o) == "get_and_hold").collect::<Vec<_>>();
        let ev = all.iter().filter(|(_, o)| name(o) == "evict").collect::<Vec<_>>();
        let co = all.iter().filter(|(_, o)| name(o) == "compact").collect::<Vec<_>>();
        if !(hold.len() > 0 && ev.len() > 0 && co.len() > 0) { continue } c[1] += 1;
        let mut a = false; let mut b = false; let mut d = false;
        for (i, f) in p.init.folios.iter().enumerate() { if let Some(f) = f { if let FolioPlace::Cache{mapping,index} = f.place {
            let h = hold.iter().any(|(_, o)| o.args[0]==mapping && o.args[1]==index);
            let e = ev.iter().any(|(_, o)| o.args[0]==mapping);
            let k = co.iter().any(|(_, o)| o.args[0] as usize <= i && i <= o.args[0] as usize + o.args[1] as usize && o.args[2]==1);
            if h && e { a = true; if k { b = true;
              let diff = co.iter().any(|(c1, o)| o.args[2]==1 && ev.iter().any(|(c2,_)| c1!=c2));
              if diff && f.flags & PG_DIRTY != 0 && f.flags & PG_LRU != 0 && f.flags & PG_UNEVICTABLE == 0 { d = true; } } }
        }}}
        if a { c[2]+=1 } if b { c[3]+=1 } if d { c[4]+=1; if c[4] < 4 { println!("{p:?}"); } }
    }
    println!("{c:?} of {n}");
}
