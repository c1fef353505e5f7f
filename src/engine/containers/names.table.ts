/** Words of the names that containers get when their user gives none. */

export const nameAdjectives: readonly string[] =
  `able agile amber ample apt autumn azure bold brave breezy bright brisk calm candid
clever cobalt cosmic crisp curious daring deft eager early earnest easy epic fair fancy fearless fine firm fleet fluent fond
frank fresh gentle glad golden grand handy happy hardy hearty honest humble ideal jolly keen kind laughing light limber lively
lucid lucky mellow merry mighty modest neat nimble noble patient placid plucky polite prime proud quick quiet rapid ready
robust rosy royal sandy serene sharp silent silver sincere sleek smart snug solid spry stable steady stoic sturdy sunny swift
tender tidy trusty upbeat urbane valiant vivid warm wise witty zesty`.split(/\s+/)

/** Harbour words, crane makers and people who moved or computed things. */
export const nameNouns: readonly string[] =
  `anchor archimedes babbage ballast barge beacon berth boole bollard brunel buoy cargo
cleat clipper compass coracle curie current davit deck derrick dock dory euler faraday ferry fjord fleet franklin galley gangway
gauss girder grapnel gypsy halyard hamilton harbor hawser helm hoist hopper hull jetty kedge keel ketch lagoon lamport lanyard
liskov locker lovelace lugger mainsail marina mast maxwell meitner mooring newton noether oar outrigger pallet pier pilot planck
pontoon porthole quay raft ramp rigging rudder schooner sextant shackle shannon shoal sling sloop spar stanchion steamer tackle
tanker tender tide tiller trawler trolley tug turing vessel wharf winch windlass yawl`.split(/\s+/)
