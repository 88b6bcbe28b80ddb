use super::*;

#[test]
fn a_preference_is_found_among_others() {
    let asks = |values: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(PREFER, value.parse().unwrap());
        }
        prefers_to_wait(&headers)
    };
    for values in [
        &["respond-async"][..],
        &["Respond-Async, wait=10"],
        &["return=minimal", "wait=1 ,respond-async; x=1"],
    ] {
        assert!(asks(values), "{values:?}");
    }
    for values in [&[][..], &["respond"], &["return=respond-async"], &["respond-asynchronous"]] {
        assert!(!asks(values), "{values:?}");
    }
}

#[test]
fn whatever_a_key_holds_it_is_one_step_of_a_path() {
    assert_eq!(escaped("a-key_1.~"), "a-key_1.~");
    assert_eq!(escaped("a/b?c#d%e"), "a%2Fb%3Fc%23d%25e");
}

struct Shelf {
    queue: Queue,
    folder: tempfile::TempDir,
}

impl Shelf {
    fn new(most: usize, most_mb: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = config::Operations { most, most_mb };
        let queue = Queue::open(&folder.path().join("operations.db"), &settings).unwrap();
        Self { queue, folder }
    }

    async fn add(&self, key: u8, caller: u8, bytes: usize) -> Result<Waiting> {
        let request = Bytes::from(vec![key; bytes]);
        let at = crate::testkit::START;
        let (key, caller, fingerprint) = ([key; 32], [caller; 32], [key; 32]);
        self.queue.add(Entry { key, caller, fingerprint, at, request }).await
    }

    async fn take(&self, caller: u8) -> u8 {
        let (waiting, request) = self.queue.first_of([caller; 32]).unwrap().unwrap();
        self.queue.remove(waiting.number, &request).await.unwrap();
        request[0]
    }
}

#[tokio::test]
async fn the_oldest_of_a_caller_comes_first_and_nothing_waits_twice() {
    let shelf = Shelf::new(10, 1);
    for key in [3, 1, 2, 1] {
        shelf.add(key, 7, 10).await.unwrap();
    }
    shelf.add(9, 5, 10).await.unwrap();
    assert_eq!(shelf.queue.len(), 4);
    assert_eq!(shelf.queue.oldest().unwrap(), Some(crate::testkit::START));
    for (last, next) in [(0, 5), (5, 7), (6, 7), (7, 5), (255, 5)] {
        assert_eq!(shelf.queue.caller_after([last; 32]).unwrap(), Some([next; 32]));
    }
    assert!(shelf.queue.has_some_of([7; 32]).unwrap());
    assert!(!shelf.queue.has_some_of([8; 32]).unwrap());
    assert!(shelf.queue.find([1; 32]).unwrap().is_some());
    // A process that is killed loses nothing of it.
    let path = shelf.folder.path().join("operations.db");
    let again = Queue::open(&path, &config::Operations { most: 10, most_mb: 1 }).unwrap();
    assert_eq!(again.len(), 4);
    assert_eq!([shelf.take(7).await, shelf.take(7).await, shelf.take(7).await], [3, 1, 2]);
    assert!(shelf.queue.first_of([7; 32]).unwrap().is_none());
    assert_eq!(shelf.take(5).await, 9);
    assert_eq!(shelf.queue.caller_after([0; 32]).unwrap(), None);
    assert_eq!(shelf.queue.oldest().unwrap(), None);
    assert!(shelf.queue.find([1; 32]).unwrap().is_none());
}

#[tokio::test]
async fn no_more_wait_than_there_is_room_for() {
    let shelf = Shelf::new(2, 1);
    let full = |added: Result<Waiting>| assert_eq!(added.err().unwrap().code(), "operations_full");
    shelf.add(1, 1, 600 * 1024).await.unwrap();
    full(shelf.add(2, 1, 600 * 1024).await);
    shelf.add(3, 1, 1).await.unwrap();
    full(shelf.add(4, 1, 1).await);
    assert_eq!(shelf.take(1).await, 1);
    shelf.add(5, 1, 600 * 1024).await.unwrap();
    assert_eq!([shelf.take(1).await, shelf.take(1).await], [3, 5]);
    assert_eq!(shelf.queue.len(), 0);
}

#[test]
fn a_damaged_file_is_not_taken_for_an_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("operations.db");
    std::fs::write(&path, "this is no database, and long enough to be sure".repeat(50)).unwrap();
    assert!(Queue::open(&path, &config::Operations { most: 10, most_mb: 1 }).is_err());
}
