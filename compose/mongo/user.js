// Whom Atalaya logs in as: reads and writes its own database, and nothing else. Run once, on an empty volume.
db.getSiblingDB('atalaya').createUser({
  user: 'atalaya',
  pwd: process.env.MONGO_PASSWORD,
  roles: [{ role: 'readWrite', db: 'atalaya' }],
});
