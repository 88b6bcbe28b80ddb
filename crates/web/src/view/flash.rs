//! What is said once, on the page after a form.

macro_rules! flashes {
    ($($Flash:ident $word:literal $text:literal)*) => {
        /// Something to be said once.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Flash { $($Flash),* }

        impl Flash {
            /// What the cookie holds.
            pub(crate) const fn word(self) -> &'static str {
                match self { $(Self::$Flash => $word),* }
            }

            /// What a cookie says; `None` for what is none of ours.
            pub(crate) fn of_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$Flash),)* _ => None }
            }

            /// What people read.
            pub(crate) const fn text(self) -> &'static str {
                match self { $(Self::$Flash => $text),* }
            }
        }
    };
}

flashes! {
    Welcome "welcome" "Welcome to Tintype. Follow a few people and their pictures come here."
    SignedOut "signed_out" "You are signed out."
    Posted "posted" "Your post is up."
    PostSaved "post_saved" "Your changes are saved."
    PostDeleted "post_deleted" "The post is deleted."
    PostHidden "post_hidden" "The post is hidden: only its author sees it."
    PostShown "post_shown" "The post is visible again."
    Commented "commented" "Your comment is up."
    CommentDeleted "comment_deleted" "The comment is deleted."
    Saved "saved" "Saved."
    Unsaved "unsaved" "Taken from your saved posts."
    Followed "followed" "You follow them now."
    Requested "requested" "Your request was sent."
    Unfollowed "unfollowed" "You follow them no more."
    Blocked "blocked" "Blocked. Neither of you sees the other any more."
    Unblocked "unblocked" "Unblocked."
    Muted "muted" "Muted. Their posts stay out of your feed; they are not told."
    Unmuted "unmuted" "Their posts are in your feed again."
    Accepted "accepted" "They follow you now."
    Rejected "rejected" "The request is gone."
    ProfileSaved "profile_saved" "Your profile is saved."
    PictureSaved "picture_saved" "That is your new picture."
    PictureGone "picture_gone" "Your picture is gone."
    PrivacySaved "privacy_saved" "Your privacy settings are saved."
    PasswordSaved "password_saved" "Your password is changed. All other devices are signed out."
    SessionEnded "session_ended" "That device is signed out."
    RoleGiven "role_given" "Their role is changed."
    Deleted "deleted" "Your account and everything in it is gone. Take care."
    Done "done" "Done."
}
