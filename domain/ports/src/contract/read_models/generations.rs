//! Generations: filled apart, promoted at once, dropped as a whole.

use serde_json::json;

use super::super::{beside, fresh_name};
use super::{commit, counts, document, fresh_collection, get_one, keys, progress, removal, write};
use crate::read_models::{Collection, Generations, ReadModels};

pub async fn generations_are_apart(models: &dyn ReadModels) {
    let live = fresh_collection(models).await;
    let next = Collection { generation: 2, ..live.clone() };
    models.ensure(&next).await.unwrap();
    models.commit(&live, &[write("a", 9, json!({"n": 1}))], Some(&progress(9))).await.unwrap();
    assert_eq!(get_one(models, &next, "a").await, None);
    assert_eq!(models.progress(&next).await.unwrap(), None);
    models.commit(&next, &[write("a", 4, json!({"n": 2}))], Some(&progress(4))).await.unwrap();
    assert_eq!(get_one(models, &live, "a").await, Some(document("a", 9, json!({"n": 1}))));
    assert_eq!(get_one(models, &next, "a").await, Some(document("a", 4, json!({"n": 2}))));
    assert_eq!(models.progress(&live).await.unwrap(), Some(progress(9)));
}

pub async fn nothing_is_live_before_the_first_promotion(models: &dyn ReadModels) {
    let expected = Generations { live: None, previous: None, newest: 0 };
    assert_eq!(models.generations(&fresh_name()).await.unwrap(), expected);
    let collection = fresh_collection(models).await;
    assert_eq!(models.generations(collection.name).await.unwrap(), expected);
}

/// All three numbers change together, and never go back by themselves.
pub async fn a_promotion_is_seen_at_once(models: &dyn ReadModels) {
    const STEPS: u64 = 60;
    let name = fresh_name();
    let step = |n: u64| Generations { live: Some(n), previous: Some(n - 1), newest: n };
    models.promote(&name, step(1)).await.unwrap();
    let writer = async {
        for n in 2..=STEPS {
            models.promote(&name, step(n)).await.unwrap();
            assert_eq!(models.generations(&name).await.unwrap(), step(n));
        }
    };
    let reader = async {
        let mut newest = 1;
        while newest < STEPS {
            let told = models.generations(&name).await.unwrap();
            assert_eq!(told, step(told.newest));
            assert!(told.newest >= newest);
            newest = told.newest;
        }
    };
    beside(writer, reader).await;
    assert_eq!(models.generations(&fresh_name()).await.unwrap(), Generations::default());
}

pub async fn a_promotion_can_be_rolled_back(models: &dyn ReadModels) {
    let name = fresh_name();
    for generations in [
        Generations { live: None, previous: None, newest: 1 },
        Generations { live: Some(2), previous: Some(1), newest: 2 },
        Generations { live: Some(1), previous: None, newest: 2 },
    ] {
        models.promote(&name, generations).await.unwrap();
        assert_eq!(models.generations(&name).await.unwrap(), generations);
    }
}

pub async fn ensuring_again_keeps_everything(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    let batch = [write("a", 5, json!({"zone": "A"}))];
    models.commit(&collection, &batch, Some(&progress(5))).await.unwrap();
    models.ensure(&collection).await.unwrap();
    assert_eq!(keys(models, &collection, &[], None).await, ["a"]);
    assert_eq!(models.progress(&collection).await.unwrap(), Some(progress(5)));
}

pub async fn a_dropped_collection_is_gone_with_its_progress(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    let other = Collection { generation: 2, ..collection.clone() };
    models.ensure(&other).await.unwrap();
    let batch = [write("a", 5, json!({"zone": "A"})), removal("b", 6)];
    for collection in [&collection, &other] {
        models.commit(collection, &batch, Some(&progress(6))).await.unwrap();
    }
    models.drop_collection(&collection).await.unwrap();
    models.ensure(&collection).await.unwrap();
    assert!(keys(models, &collection, &[], None).await.is_empty());
    assert!(counts(models, &collection, &[], "zone").await.is_empty());
    assert_eq!(models.progress(&collection).await.unwrap(), None);
    commit(models, &collection, &[write("b", 1, json!({}))]).await;
    assert_eq!(get_one(models, &collection, "b").await, Some(document("b", 1, json!({}))));
    assert_eq!(keys(models, &other, &[], None).await, ["a"]);
    assert_eq!(models.progress(&other).await.unwrap(), Some(progress(6)));
}

pub async fn dropping_what_is_not_there_is_no_error(models: &dyn ReadModels) {
    let collection = fresh_collection(models).await;
    models.drop_collection(&collection).await.unwrap();
    models.drop_collection(&collection).await.unwrap();
    models.drop_collection(&Collection { generation: 99, ..collection }).await.unwrap();
}
