Feature: The travel plan says, line by line, what is confirmed
  A family must not stand at a gate with a plan that looks like a ticket. The plan follows the booking desk: it
  is made again with every change, and says on its face planned, confirmed in part, or confirmed.

  Background:
    Given the boy's trip is released, and the organisation books his mother's way
    And the plan on paper is "planeado"
    And Ana tickets the mother's fare with the code QK7P2M

  Scenario: It turns from planned to confirmed as the seats and rooms are booked
    Then the plan on paper is "confirmado en parte"
    And the code QK7P2M stands on it
    And the calendar replaces the one before it
    When Ana tickets all the rest
    Then the plan on paper is "confirmado"

  Scenario: A ticket that has to change is planned again
    When the airline moves the flight and Ana changes the booking
    Then the plan on paper is "planeado"
    And no code stands on it
