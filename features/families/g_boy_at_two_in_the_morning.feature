Feature: 02:07, a boy of 15 is held in Atlanta and his mother is in El Paso, without money
  The flight leaves at six. Two people, at most twelve answers and the return authority, three acts, one call.

  Scenario: From the call to a locator
    Given travel cards are switched on
    And it is 02:07, and two finance people have signed an envelope in daytime
    When Ana fills in twelve answers and the return authority
    Then the answer is eligible, provisional: income and report number are owed, safety is not
    And whoever is not on call cannot approve it alone
    When Ben, on call tonight, says yes to it and lets the money go
    And Ana books the seats and the room with the trip's own card
    Then the mother has a locator for the flight at six, and a room
    And 2 people did it in 3 acts
    And Ana has a script to read to her in Spanish, with the locator in it
    When Fay, who had no part in it, looks at it by day
    Then the card has paid $1,590.80 and the mother's meal money waits to be handed out
    And the books balance
