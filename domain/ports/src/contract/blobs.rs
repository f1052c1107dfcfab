//! Blobs. Nothing is assumed but the task ids, which are new.

use bytes::Bytes;
use futures::future::BoxFuture;
use uuid::Uuid;

use super::{fresh_id, in_parallel};
use crate::blobs::{BlobKey, Blobs, VariantName};

/// Makes one test per clause; the subject is a [`Blobs`].
#[macro_export]
macro_rules! blobs_contract {
    ($($subject:tt)+) => {
        $crate::contract_clauses! { blobs ($($subject)+)
            what_was_put_is_got,
            what_was_never_put_is_not_there,
            a_later_put_replaces_the_bytes,
            a_blob_may_be_empty,
            a_blob_may_be_big,
            keys_are_apart,
            what_was_deleted_is_not_there,
            deleting_twice_is_no_error,
            of_racing_puts_one_is_kept_whole,
            a_reader_sees_the_old_bytes_or_all_of_the_new_ones,
            originals_are_told_by_id,
        }
    };
}

const BIG_BYTES: usize = 25 * 1024 * 1024;

pub async fn what_was_put_is_got(blobs: &dyn Blobs) {
    let every_byte: Bytes = (0..=u8::MAX).cycle().take(100_000).collect();
    for key in [original(), variant("1024x1024.jpg")] {
        blobs.put(&key, every_byte.clone()).await.unwrap();
        assert_eq!(blobs.get(&key).await.unwrap(), Some(every_byte.clone()));
    }
}

pub async fn what_was_never_put_is_not_there(blobs: &dyn Blobs) {
    for key in [original(), variant("1024x1024.jpg")] {
        assert_eq!(blobs.get(&key).await.unwrap(), None);
    }
}

pub async fn a_later_put_replaces_the_bytes(blobs: &dyn Blobs) {
    let key = original();
    for bytes in [&b"a first, longer one"[..], b"a second", b"a third, longest of all of them"] {
        blobs.put(&key, Bytes::from_static(bytes)).await.unwrap();
        assert_eq!(blobs.get(&key).await.unwrap().unwrap(), bytes);
    }
}

pub async fn a_blob_may_be_empty(blobs: &dyn Blobs) {
    let key = original();
    blobs.put(&key, Bytes::new()).await.unwrap();
    assert_eq!(blobs.get(&key).await.unwrap(), Some(Bytes::new()));
}

pub async fn a_blob_may_be_big(blobs: &dyn Blobs) {
    let key = original();
    let bytes: Bytes = (0..BIG_BYTES).map(|i| (i % 251) as u8).collect();
    blobs.put(&key, bytes.clone()).await.unwrap();
    assert!(blobs.get(&key).await.unwrap().unwrap() == bytes, "the bytes differ");
}

pub async fn keys_are_apart(blobs: &dyn Blobs) {
    let (task_id, other) = (fresh_id(), fresh_id());
    let variant = |task_id, name| {
        let name = VariantName::new(name).expect("the name is a variant's");
        BlobKey::Variant { task_id, name }
    };
    let keys = [
        BlobKey::Original { task_id },
        BlobKey::Original { task_id: other },
        variant(task_id, "1024x1024.jpg"),
        variant(task_id, "800x800.jpg"),
        // As close to the original's file name as a variant's can come.
        variant(task_id, "original.jpg"),
        variant(other, "1024x1024.jpg"),
    ];
    for (i, key) in keys.iter().enumerate() {
        blobs.put(key, Bytes::from(vec![i as u8])).await.unwrap();
    }
    for (i, key) in keys.iter().enumerate() {
        assert_eq!(blobs.get(key).await.unwrap().unwrap(), [i as u8][..], "{key:?}");
    }
    blobs.delete(&keys[0]).await.unwrap();
    for key in &keys[1..] {
        assert!(blobs.get(key).await.unwrap().is_some(), "{key:?}");
    }
}

pub async fn what_was_deleted_is_not_there(blobs: &dyn Blobs) {
    let key = variant("800x800.jpg");
    blobs.put(&key, Bytes::from_static(b"x")).await.unwrap();
    blobs.delete(&key).await.unwrap();
    assert_eq!(blobs.get(&key).await.unwrap(), None);
    blobs.put(&key, Bytes::from_static(b"y")).await.unwrap();
    assert_eq!(blobs.get(&key).await.unwrap().unwrap(), b"y"[..]);
}

pub async fn deleting_twice_is_no_error(blobs: &dyn Blobs) {
    let key = original();
    blobs.delete(&key).await.unwrap();
    blobs.put(&key, Bytes::from_static(b"x")).await.unwrap();
    blobs.delete(&key).await.unwrap();
    blobs.delete(&key).await.unwrap();
}

pub async fn of_racing_puts_one_is_kept_whole(blobs: &dyn Blobs) {
    let key = original();
    let put = |n: u8| blobs.put(&key, uniform(n));
    let puts = in_parallel((1..=8).map(put).collect()).await;
    assert!(puts.iter().all(Result::is_ok), "{puts:?}");
    must_be_whole(&blobs.get(&key).await.unwrap().unwrap());
}

pub async fn a_reader_sees_the_old_bytes_or_all_of_the_new_ones(blobs: &dyn Blobs) {
    let key = original();
    blobs.put(&key, uniform(1)).await.unwrap();
    let writer = async {
        for n in 2..20 {
            blobs.put(&key, uniform(n)).await.unwrap();
        }
    };
    let reader = async {
        for _ in 0..40 {
            must_be_whole(&blobs.get(&key).await.unwrap().expect("it is replaced, never removed"));
        }
    };
    let both: Vec<BoxFuture<'_, ()>> = vec![Box::pin(writer), Box::pin(reader)];
    in_parallel(both).await;
}

pub async fn originals_are_told_by_id(blobs: &dyn Blobs) {
    let mut ids: Vec<_> = (0..5).map(|_| fresh_id()).collect();
    ids.sort_unstable();
    for task_id in &ids[..4] {
        blobs.put(&BlobKey::Original { task_id: *task_id }, uniform(1)).await.unwrap();
    }
    let name = VariantName::new("800x800.jpg").expect("the name is a variant's");
    blobs.put(&BlobKey::Variant { task_id: ids[4], name }, uniform(1)).await.unwrap();
    blobs.delete(&BlobKey::Original { task_id: ids[2] }).await.unwrap();

    // Others may have stored something between them.
    let mut told = Vec::new();
    let mut after = Uuid::from_u128(ids[0].as_u128() - 1);
    while after < ids[4] {
        let page = blobs.originals(Some(after), 2).await.unwrap();
        assert!(
            page.len() <= 2 && page.is_sorted() && page.iter().all(|id| *id > after),
            "{page:?}"
        );
        let Some(last) = page.last() else { break };
        after = *last;
        told.extend(page.into_iter().filter(|id| ids.contains(id)));
    }
    assert_eq!(told, [ids[0], ids[1], ids[3]]);
    let from_the_first = blobs.originals(None, usize::MAX).await.unwrap();
    assert!(from_the_first.is_sorted() && told.iter().all(|id| from_the_first.contains(id)));
}

/// Bytes that tell which put they come from, of a length that does so too.
fn uniform(n: u8) -> Bytes {
    vec![n; 300_000 + usize::from(n)].into()
}

fn must_be_whole(bytes: &Bytes) {
    let n = bytes.first().copied().unwrap_or(0);
    assert!(*bytes == uniform(n), "{} bytes of more than one put", bytes.len());
}

fn original() -> BlobKey {
    BlobKey::Original { task_id: fresh_id() }
}

fn variant(name: &str) -> BlobKey {
    let name = VariantName::new(name).expect("the name is a variant's");
    BlobKey::Variant { task_id: fresh_id(), name }
}
