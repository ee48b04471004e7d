//! Tests of what needs no execution; the rest is in `tests/`.

use super::*;
use crate::prog::{HEADER, Input, RECORD};
use crate::vocab::Kernel;

#[test]
fn the_mutator_keeps_to_its_limits_and_to_its_seed() {
    let mut identity = |_: &mut [u8], size: usize, _: usize| size;
    for seed in 0..2000 {
        for (size, max) in [(0, 192), (24, 192), (64, 63), (100, 40), (1, 1), (5, 0), (192, 192), (200, 4096)] {
            let mut a = vec![0x5A; usize::max(size, max)];
            let mut b = a.clone();
            let x = mutate(&mut a, size, max, seed, &mut identity);
            let y = mutate(&mut b, size, max, seed, &mut identity);
            assert!(x <= max, "{x} > {max}");
            assert_eq!((x, &a[..x]), (y, &b[..y]));
        }
    }
}

#[test]
fn a_mutated_text_is_a_text_or_makes_room_for_a_fresh_program() {
    let text = Input::of(&[7; HEADER + 6 * RECORD]).program().map(|p| p.text()).unwrap_or_default();
    let mut texts = 0;
    for seed in 0..500 {
        let mut data = vec![0; 4096];
        data[..text.len()].copy_from_slice(text.as_bytes());
        let size = mutate(&mut data, text.len(), 4096, seed, &mut |_, size, _| size);
        let input = Input::of(&data[..size]);
        assert!(!matches!(input, Input::Malformed(_)));
        texts += u32::from(matches!(input, Input::Text(_)));
    }
    assert!((200..300).contains(&texts), "{texts} of 500");
}

#[test]
fn folder_names_are_plain() {
    let name = folder_name("mapping/unprotected-deref:a+b");
    assert!(name.starts_with("mapping-unprotected-deref-"));
    assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    assert_ne!(name, folder_name("mapping/unprotected-deref:a+c"));
}

#[test]
fn bugs_choose_their_kernel() {
    let choice = |bug: &str| ModelChoice { bugs: vec![bug.to_string()], ..ModelChoice::default() };
    assert_eq!(choice("A0").model().map(|m| m.kernel), Ok(Kernel::V4_15));
    assert_eq!(choice("E0").model().map(|m| m.kernel), Ok(Kernel::V6_12));
    assert!(choice("nothing").model().is_err());
    let both = ModelChoice { bugs: vec!["A0".to_string(), "E0".to_string()], ..ModelChoice::default() };
    assert!(both.model().is_err());
}

#[test]
fn operations_by_name() {
    let all = find_ops("", Kernel::DEFAULT).unwrap_or_default();
    let one = find_ops("evict", Kernel::DEFAULT).unwrap_or_default();
    let rest = find_ops("-evict", Kernel::DEFAULT).unwrap_or_default();
    assert_eq!((one.len(), rest.len()), (1, all.len() - 1));
    assert!(find_ops("no_such", Kernel::DEFAULT).is_err());
}

#[test]
fn distinct_values_are_counted_roughly() {
    let mut d = Distinct::default();
    for i in 0..200_000_u64 {
        d.add(i % 50_000);
    }
    assert!((45_000..55_000).contains(&d.estimate()), "{}", d.estimate());
}

#[test]
fn files_are_replaced_whole() {
    let dir = std::env::temp_dir().join(format!("foliofuzz-atomic-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a directory");
    let path = dir.join("x.mm");
    write_atomic(&path, b"one").expect("written");
    write_atomic(&path, b"two").expect("written");
    assert_eq!(std::fs::read(&path).expect("read"), b"two");
    assert_eq!(std::fs::read_dir(&dir).expect("listed").count(), 1);
    std::fs::remove_dir_all(&dir).expect("removed");
}
