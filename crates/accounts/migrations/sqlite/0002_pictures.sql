-- Which upload the profile picture is; 0 for one from elsewhere. `profile_picture_url` is then the name
-- of its object.
ALTER TABLE accounts ADD COLUMN picture INTEGER NOT NULL DEFAULT 0;
