//! What survives: everything that was committed, nothing of what failed, and no secret in the clear.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail loudly")]

mod common;

use common::{
    at, connection, entry, error, filled, id, intent, link, main, new_link, store, store_at, values,
};
use model::{Side, Sides};
use store::{Cause, Durability, ErrorFilter, HistoryFilter, SecretKey, Store, StoreError};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_KEY: &str = "HxwdHhsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";
const SECRET: &str = "the-refresh-token-that-nobody-may-read";

fn key(text: &str) -> SecretKey {
    SecretKey::from_base64(text).unwrap()
}

#[test]
fn everything_is_there_after_the_store_is_closed_and_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tandem.db");
    let opened = filled(store_at(&path));
    let made = link(&opened, "1", "003A");
    let shadows = Sides { hubspot: values(&[("a", "x")]), salesforce: values(&[("A", "x")]) };
    opened
        .transaction(|tx| {
            tx.update_shadows(made.id, &shadows, at(2))?;
            tx.put_intent(&intent(Some(made.id), "1", "sent"))?;
            tx.add_history(&main(), &entry(Side::HubSpot, "1", Some(made.id), 3))?;
            tx.set_error(&main(), &error("1", Some("a"), "misfit", 4))
        })
        .unwrap();
    opened.mark_many(&main(), Side::HubSpot, "contacts", &["1".to_owned()], Cause::Poll, at(5)).unwrap();
    opened.set_cursor(&main(), "stream", at(6), at(6)).unwrap();
    opened.begin_run(&main(), "run", "serve", at(7)).unwrap();
    opened.put_secret(&key(KEY), main().as_str(), "token", SECRET).unwrap();
    let told = |store: &Store| {
        (
            store.connections().unwrap(),
            store.links_after(&main(), None, 10).unwrap(),
            store.intents_of_link(made.id).unwrap(),
            store.history(&main(), &HistoryFilter::default()).unwrap(),
            store.errors(&main(), &ErrorFilter::default()).unwrap(),
            store.due_marks(&main(), Side::HubSpot, "contacts", at(9), 9).unwrap(),
            store.cursor(&main(), "stream").unwrap(),
            store.runs(&main(), 9).unwrap(),
            store.secret(&key(KEY), main().as_str(), "token").unwrap(),
        )
    };
    let before = told(&opened);
    drop(opened);
    for durability in [Durability::Normal, Durability::ProcessOnly] {
        let again = Store::open(&path, durability).unwrap();
        let after = told(&again);
        assert_eq!(after, before);
        assert!(after.1.len() == 1 && after.2.len() == 1 && after.3.len() == 1 && after.4.len() == 1);
        assert!(after.5.len() == 1 && after.6.is_some() && after.7.len() == 1 && after.8.is_some());
        assert_eq!(again.integrity_check().unwrap(), Vec::<String>::new());
    }
}

#[test]
fn a_transaction_that_fails_takes_back_all_it_did() {
    let store = store();
    let kept = link(&store, "1", "003A");
    store.mark_many(&main(), Side::HubSpot, "contacts", &["1".to_owned()], Cause::Poll, at(5)).unwrap();
    let mark = store.due_marks(&main(), Side::HubSpot, "contacts", at(5), 9).unwrap().remove(0);
    let failed = store.transaction(|tx| {
        tx.insert_link(&new_link("2", "003B"))?;
        tx.delete_link(kept.id)?;
        tx.put_intent(&intent(None, "2", "sent"))?;
        tx.add_history(&main(), &entry(Side::HubSpot, "2", None, 3))?;
        tx.set_error(&main(), &error("2", None, "rejected", 4))?;
        tx.clear_mark(&mark)?;
        // Its record is linked already, just above.
        tx.insert_link(&new_link("2", "003C"))
    });
    assert!(matches!(failed, Err(StoreError::Sqlite(_))), "{failed:?}");
    assert_eq!(store.links_after(&main(), None, 9).unwrap(), [kept]);
    assert_eq!(store.open_intents(&main()).unwrap(), 0);
    assert_eq!(store.history(&main(), &HistoryFilter::default()).unwrap(), []);
    assert_eq!(store.errors(&main(), &ErrorFilter::default()).unwrap(), []);
    assert_eq!(store.due_marks(&main(), Side::HubSpot, "contacts", at(5), 9).unwrap(), [mark]);
}

#[test]
fn a_transaction_that_answers_an_error_of_its_own_is_taken_back_too() {
    let store = store();
    let failed: Result<(), _> = store.transaction(|tx| {
        tx.insert_link(&new_link("1", "003A"))?;
        Err(StoreError::AlreadyConnected("1001".to_owned()))
    });
    assert!(matches!(failed, Err(StoreError::AlreadyConnected(_))));
    assert_eq!(store.links_after(&main(), None, 9).unwrap(), []);
}

#[test]
fn after_a_panic_in_a_transaction_nothing_of_it_is_kept_and_the_store_goes_on() {
    let store = store();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.transaction(|tx| -> Result<(), StoreError> {
            tx.insert_link(&new_link("1", "003A"))?;
            panic!("in the middle of it");
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(store.links_after(&main(), None, 9).unwrap(), []);
    link(&store, "1", "003A");
}

#[test]
fn marking_many_is_whole_or_not_at_all() {
    let store = store();
    let records: Vec<String> = (0..500).map(|number| number.to_string()).collect();
    assert!(store.mark_many(&id("nobody"), Side::HubSpot, "contacts", &records, Cause::Poll, at(0)).is_err());
    store.mark_many(&main(), Side::HubSpot, "contacts", &records, Cause::Poll, at(0)).unwrap();
    assert_eq!(store.due_marks(&main(), Side::HubSpot, "contacts", at(0), 1000).unwrap().len(), 500);
}

#[test]
fn a_secret_comes_back_with_its_key_and_the_latest_counts() {
    let store = store();
    assert_eq!(store.secret(&key(KEY), main().as_str(), "token").unwrap(), None);
    for secret in ["first", "", "zwölf ☃"] {
        store.put_secret(&key(KEY), main().as_str(), "token", secret).unwrap();
        assert_eq!(store.secret(&key(KEY), main().as_str(), "token").unwrap().as_deref(), Some(secret));
    }
    assert_eq!(store.secret(&key(KEY), main().as_str(), "other").unwrap(), None);
    assert_eq!(store.secret(&key(KEY), "other", "token").unwrap(), None);
}

#[test]
fn another_key_opens_nothing_and_says_which_secret_and_what_to_do() {
    let store = store();
    store.put_secret(&key(KEY), main().as_str(), "token", SECRET).unwrap();
    let wrong = store.secret(&key(OTHER_KEY), main().as_str(), "token").unwrap_err();
    assert!(matches!(&wrong, StoreError::WrongKey(name) if name == "token"), "{wrong}");
    let words = wrong.to_string();
    assert!(words.contains("token") && words.contains("connect again"), "{words}");
    assert!(!words.contains(SECRET), "{words}");
    assert_eq!(store.secret(&key(KEY), main().as_str(), "token").unwrap().as_deref(), Some(SECRET));
}

#[test]
fn a_sealed_secret_that_is_moved_or_changed_does_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tandem.db");
    for tampering in [
        "UPDATE secret SET name = 'moved'",
        "UPDATE secret SET owner = 'other'",
        "UPDATE secret SET sealed = substr(sealed, 1, 20)",
        "UPDATE secret SET sealed = x'00'",
        "UPDATE secret SET sealed = CAST(substr(sealed, 1, 12) || zeroblob(54) AS BLOB)",
    ] {
        let _ = std::fs::remove_file(&path);
        let store = filled(store_at(&path));
        store.put_secret(&key(KEY), main().as_str(), "token", SECRET).unwrap();
        drop(store);
        assert_eq!(rusqlite::Connection::open(&path).unwrap().execute(tampering, []).unwrap(), 1);
        let store = store_at(&path);
        let opened = [("main", "token"), ("main", "moved"), ("other", "token")]
            .map(|(connection, name)| store.secret(&key(KEY), connection, name));
        assert_eq!(opened.iter().filter(|opened| opened.is_err()).count(), 1, "{tampering}: {opened:?}");
        assert!(!opened.iter().any(|opened| matches!(opened, Ok(Some(_)))), "{tampering}");
    }
}

#[test]
fn no_file_of_the_store_holds_a_secret_in_the_clear() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tandem.db");
    let store = filled(store_at(&path));
    store.put_secret(&key(KEY), main().as_str(), "token", SECRET).unwrap();
    let holds = |what: &str| {
        let what = what.as_bytes();
        std::fs::read_dir(folder.path()).unwrap().any(|file| {
            std::fs::read(file.unwrap().path()).unwrap().windows(what.len()).any(|part| part == what)
        })
    };
    // While it is open, in the write-ahead log; and after it is closed, in the database.
    for closed in [false, true] {
        assert!(holds("main connection"), "closed: {closed}; the search finds what is there");
        assert!(!holds(SECRET), "closed: {closed}");
        assert!(!holds(KEY), "closed: {closed}");
        if !closed {
            store.integrity_check().unwrap();
        }
    }
    drop(store);
    assert!(holds("main connection") && !holds(SECRET) && !holds(KEY));
    assert_eq!(store_at(&path).secret(&key(KEY), main().as_str(), "token").unwrap().as_deref(), Some(SECRET));
}

#[test]
fn a_key_file_is_made_once_and_read_ever_after() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tandem.key");
    let first = SecretKey::from_file_or_create(&path).unwrap();
    let written = std::fs::read_to_string(&path).unwrap();
    let store = store();
    store.put_secret(&first, main().as_str(), "token", SECRET).unwrap();
    let again = SecretKey::from_file_or_create(&path).unwrap();
    assert_eq!(store.secret(&again, main().as_str(), "token").unwrap().as_deref(), Some(SECRET));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), written);
    let another = SecretKey::from_file_or_create(&folder.path().join("another.key")).unwrap();
    assert!(store.secret(&another, main().as_str(), "token").is_err(), "each file has its own key");
    assert!(!format!("{first:?}").contains(written.trim()), "a key is not shown");
}

#[cfg(unix)]
#[test]
fn a_key_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tandem.key");
    SecretKey::from_file_or_create(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_key_file_that_holds_no_key_is_an_error_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tandem.key");
    for held in ["", "no key", "AAAA"] {
        std::fs::write(&path, held).unwrap();
        let error = SecretKey::from_file_or_create(&path).unwrap_err();
        assert!(matches!(error, StoreError::Key { .. }));
        assert!(error.to_string().contains("tandem.key"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), held);
    }
    assert!(SecretKey::from_file_or_create(&folder.path().join("no folder/tandem.key")).is_err());
    assert!(SecretKey::from_base64("AAAA").is_none());
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tandem.db");
    std::fs::write(&path, "this is a letter and not a database, however long it goes on".repeat(100))
        .unwrap();
    let error = Store::open(&path, Durability::Normal).unwrap_err();
    assert!(error.to_string().contains("tandem.db"), "{error}");
}

#[test]
fn two_stores_on_one_file_see_each_others_work() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tandem.db");
    let one = store_at(&path);
    let two = store_at(&path);
    one.create_connection(&connection("main", "1001")).unwrap();
    assert_eq!(two.connections().unwrap(), [connection("main", "1001")]);
    assert!(matches!(two.create_connection(&connection("x", "1001")), Err(StoreError::AlreadyConnected(_))));
}

#[test]
fn a_set_up_is_kept_until_it_is_forgotten_and_its_secrets_with_it() {
    let store = common::store();
    let answers = serde_json::json!({ "hubspot": { "id": "1" } });
    store.put_draft("draft-1", &serde_json::json!({}), at(1)).unwrap();
    store.put_draft("draft-1", &answers, at(5)).unwrap();
    store.put_draft("draft-2", &serde_json::json!({}), at(3)).unwrap();
    store.put_secret(&key(KEY), "draft-1", "token", SECRET).unwrap();
    let drafts = store.drafts().unwrap();
    assert_eq!(drafts.iter().map(|draft| draft.id.as_str()).collect::<Vec<_>>(), ["draft-1", "draft-2"]);
    assert_eq!((drafts[0].created_at, drafts[0].changed_at), (at(1), at(5)));
    assert_eq!(store.draft("draft-1").unwrap().unwrap().answers, answers);
    store.delete_draft("draft-1").unwrap();
    assert_eq!(store.draft("draft-1").unwrap(), None);
    assert_eq!(store.secret(&key(KEY), "draft-1", "token").unwrap(), None);
}

#[test]
fn a_connection_that_is_forgotten_leaves_nothing_and_the_others_everything() {
    let store = common::store();
    for owner in ["main", "other"] {
        store.put_secret(&key(KEY), owner, "token", SECRET).unwrap();
        store.put_setting(&format!("budget:{owner}"), &1).unwrap();
        store.add_calls(&id(owner), Side::HubSpot, 3, at(1)).unwrap();
        store.mark_many(&id(owner), Side::HubSpot, "contacts", &["1".into()], Cause::Poll, at(1)).unwrap();
    }
    store.delete_connection(&main()).unwrap();
    assert!(store.connection(&main()).unwrap().is_none());
    let kept = |owner: &str| {
        let secret = store.secret(&key(KEY), owner, "token").unwrap().is_some();
        let setting = store.setting::<u8>(&format!("budget:{owner}")).unwrap().is_some();
        let calls = store.calls_of_last_day(&id(owner), Side::HubSpot, at(2)).unwrap();
        (secret, setting, calls, store.mark_counts(&id(owner), at(2)).unwrap().len())
    };
    assert_eq!(kept("main"), (false, false, 0, 0));
    assert_eq!(kept("other"), (true, true, 3, 1));
    assert!(store.integrity_check().unwrap().is_empty());
}
