//! What checks said.

use std::sync::Arc;

use team6_core::checks::Digest;

use crate::Store;

pub async fn a_log_is_found_by_its_hash_however_often_it_was_kept(store: Arc<dyn Store>) {
    let said = b"1 test failed \xff\0".to_vec();
    let log = store.keep_check_log(said.clone()).await.unwrap();
    assert_eq!(log, Digest::of(&said));
    assert_eq!(store.keep_check_log(said.clone()).await.unwrap(), log);
    assert_eq!(store.check_log(&log).await.unwrap(), Some(said));
    assert_eq!(store.check_log(&Digest::nothing()).await.unwrap(), None);
}
